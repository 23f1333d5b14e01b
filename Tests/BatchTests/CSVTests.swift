import Batch
import TestSupport
import Testing

/// Reads a whole file that comes in pieces of the given sizes (the last size repeats).
private func rows(
    _ bytes: [UInt8], _ options: CSVOptions = CSVOptions(), pieces: [Int] = [1 << 20]
) throws -> [CSVRow] {
    var reader = CSVReader(options)
    var all: [CSVRow] = []
    var at = 0
    var piece = 0
    while at < bytes.count {
        let end = min(bytes.count, at + max(1, pieces[min(piece, pieces.count - 1)]))
        reader.feed(bytes[at..<end])
        at = end
        piece += 1
        while let row = try reader.next() { all.append(row) }
    }
    reader.finish()
    while let row = try reader.next() { all.append(row) }
    return all
}

private func texts(_ row: CSVRow, _ encoding: TextEncoding = .utf8) -> [String?] {
    (0..<row.count).map { row.bytes($0).flatMap { encoding.decode($0) } }
}

private func texts(_ file: String) throws -> [[String?]] {
    try rows(Array(file.utf8)).map { texts($0) }
}

@Test func `a csv file is split as RFC 4180 says`() throws {
    #expect(try texts("a,b\r\n1,2\r\n") == [["a", "b"], ["1", "2"]])
    #expect(try texts("a,b\n1,2") == [["a", "b"], ["1", "2"]])
    #expect(try texts("a\r1\r") == [["a"], ["1"]])
    #expect(try texts("\"x,\"\"y\"\"\r\nz\",2\r\n") == [["x,\"y\"\r\nz", "2"]])
    #expect(try texts("a,\"\",,b\n") == [["a", "", nil, "b"]])
    #expect(try texts("") == [])
    #expect(try texts("\n\n") == [[nil], [nil]])
    #expect(try texts("a,") == [["a", nil]])
    #expect(try texts("5\" pipe,it's\n") == [["5\" pipe", "it's"]])
}

@Test func `rows know their lines and where the next one begins`() throws {
    let file = Array("a,b\r\n\"1\n2\r\n3\",x\ry,z\nlast".utf8)
    let all = try rows(file, pieces: [1])
    #expect(all.map(\.line) == [1, 2, 5, 6])
    #expect(all.map(\.endLine) == [2, 5, 6, 6])
    for (index, row) in all.enumerated().dropLast() {
        var reader = CSVReader(CSVOptions(), offset: row.end, line: row.endLine)
        reader.feed(file[row.end...])
        reader.finish()
        let next = try reader.next()
        #expect(next?.line == all[index + 1].line)
        #expect(next.map { texts($0) } == texts(all[index + 1]))
    }
}

@Test func `a faulty row is marked and the next ones are read`() throws {
    let all = try rows(Array("\"a\"x,1\nb,2\n\"open,3\n".utf8))
    #expect(all.map(\.fault) == [.textAfterQuote, nil, .openQuote])
    #expect(all.map { String(decoding: $0.raw, as: UTF8.self) }[0] == "\"a\"x,1")
}

@Test func `byte order marks are understood`() throws {
    #expect(try texts("\u{feff}a,b\n") == [["a", "b"]])
    #expect(try texts("\u{feff}\"a\",b\n") == [["a", "b"]])
    #expect(throws: CSVError.wideEncoding) { try rows([0xff, 0xfe, 0x61, 0]) }
    var options = CSVOptions()
    options.encoding = .windows1252
    #expect(throws: CSVError.markedAsUTF8) { try rows([0xef, 0xbb, 0xbf, 0x61], options) }
}

@Test func `a row that never ends is refused`() throws {
    let long = [UInt8](repeating: 0x61, count: CSVLimit.rowBytes + 10)
    #expect(throws: CSVError.rowTooLong(line: 2)) {
        try rows(Array("a\n\"".utf8) + long, pieces: [7000])
    }
    #expect(throws: CSVError.tooManyFields(line: 1)) {
        try rows([UInt8](repeating: UInt8(ascii: ","), count: CSVLimit.fields + 1))
    }
}

@Test func `encodings decode strictly and both ways`() throws {
    for encoding in [TextEncoding.windows1252, .latin1] {
        for byte in UInt8.min...UInt8.max {
            guard let text = encoding.decode([byte]) else { continue }
            var back: [UInt8] = []
            #expect(encoding.encode(text, into: &back))
            #expect(back == [byte])
        }
    }
    #expect(TextEncoding.windows1252.decode([0x80, 0x9f]) == "€Ÿ")
    #expect(TextEncoding.windows1252.decode([0x81]) == nil)
    #expect(TextEncoding.latin1.decode([0xe9]) == "é")
    #expect(TextEncoding.utf8.decode([0xe9]) == nil)
    #expect(TextEncoding.utf8.decode([0xed, 0xa0, 0x80]) == nil)
    #expect(TextEncoding.utf8.decode([0xc0, 0x80]) == nil)
    var bytes: [UInt8] = []
    #expect(!TextEncoding.latin1.encode("a€", into: &bytes))
    #expect(bytes.isEmpty)
}

@Test func `formulas are made harmless and come back`() {
    for text in ["=1+1", "+49", "-5", "@x", "\tx", "\rx"] {
        #expect(FormulaGuard.protect(text) == "'" + text)
        #expect(FormulaGuard.expose("'" + text) == text)
    }
    #expect(FormulaGuard.protect("'=x") == "''=x")
    #expect(FormulaGuard.expose("''=x") == "'=x")
    for text in ["", "a", "'", "'a", "5-3", " =x"] {
        #expect(FormulaGuard.protect(text) == text)
        #expect(FormulaGuard.expose(text) == text)
    }
}

/// A text of the characters that make trouble.
private func awkward(_ random: inout TestRandom, _ encoding: TextEncoding) -> String? {
    if Int.random(in: 0..<5, using: &random) == 0 { return nil }
    var alphabet = [
        "a", ",", ";", "\"", "'", "\n", "\r", "\r\n", "=", "+", "-", "@", "\t", " ", "é",
    ]
    if encoding == .utf8 { alphabet += ["\u{feff}", "🖨", "\u{0}", "ñ"] }
    if encoding == .windows1252 { alphabet += ["€", "ÿ", "þ"] }
    let count = Int.random(in: 0..<6, using: &random)
    return (0..<count).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
}

@Test func `what is written is read back the same, however the file is cut`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("csv seed \(seed)")
    var random = TestRandom(seed: seed)
    for _ in 0..<1500 {
        var options = CSVOptions()
        options.encoding = TextEncoding.allCases.randomElement(using: &random) ?? .utf8
        options.separator = Array(",;\t|".utf8).randomElement(using: &random) ?? 44
        options.quote = Array("\"'".utf8).randomElement(using: &random) ?? 34
        options.byteOrderMark = Bool.random(using: &random)
        let width = Int.random(in: 1...4, using: &random)
        let table = (0..<Int.random(in: 0...6, using: &random)).map { _ in
            (0..<width).map { _ in awkward(&random, options.encoding) }
        }
        var writer = CSVWriter(options)
        for row in table {
            try writer.row(row.map { $0.map { .text($0) } ?? .null })
        }
        let file = writer.take()
        let pieces = (0..<20).map { _ in Int.random(in: 1...9, using: &random) }
        let read = try rows(file, options, pieces: pieces).map { row in
            texts(row, options.encoding).map { $0.map(FormulaGuard.expose) }
        }
        #expect(read == table, "seed \(seed): \(file)")
    }
}

@Test func `any bytes cut anywhere give the same rows`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("csv seed \(seed)")
    var random = TestRandom(seed: seed)
    let alphabet = Array("ab,,\"\"\"\n\n\r\r;'".utf8) + [0xef, 0xbb, 0xbf, 0xff, 0]
    for _ in 0..<3000 {
        let count = Int.random(in: 0..<60, using: &random)
        let file = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
        let pieces = (0..<60).map { _ in Int.random(in: 1...5, using: &random) }
        let whole = outcome { try rows(file) }
        let cut = outcome { try rows(file, pieces: pieces) }
        #expect(whole == cut, "seed \(seed): \(file)")
    }
}

/// All that is known of the rows, or of the error instead of them.
private func outcome(_ read: () throws -> [CSVRow]) -> String {
    do {
        return try read().map { "\($0.line) \($0.end) \($0.raw) \(texts($0, .latin1))" }.joined()
    } catch {
        return "\(error)"
    }
}
