import TestSupport
import Testing

@testable import Batch

/// Every row of a file that is read in pieces of that many bytes.
private func rows(
    _ bytes: [UInt8], _ options: CSVOptions, pieceBytes: Int = TextPieces.pieceBytes
) throws -> (reader: CSVRowReader, rows: [FileRow]) {
    var reader = try CSVRowReader(options, MemoryBytes(bytes), pieceBytes: pieceBytes)
    var all: [FileRow] = []
    var row = FileRow()
    while try reader.next(&row) { all.append(row) }
    return (reader, all)
}

/// The rows of a file without a header, as texts.
private func table(_ file: String) throws -> [[String?]] {
    try rows(Array(file.utf8), bare).rows.map(texts)
}

private let bare: CSVOptions = {
    var options = CSVOptions()
    options.header = false
    return options
}()

@Test func `a csv file is split as RFC 4180 says`() throws {
    #expect(try table("a,b\r\n1,2\r\n") == [["a", "b"], ["1", "2"]])
    #expect(try table("a,b\n1,2") == [["a", "b"], ["1", "2"]])
    #expect(try table("a\r1\r") == [["a"], ["1"]])
    #expect(try table("\"x,\"\"y\"\"\r\nz\",2\r\n") == [["x,\"y\"\r\nz", "2"]])
    #expect(try table("a,\"\",,b\n") == [["a", "", nil, "b"]])
    #expect(try table("") == [])
    #expect(try table("\n\n") == [[nil], [nil]])
    #expect(try table("a,") == [["a", nil]])
    #expect(try table("5\" pipe,it's\n") == [["5\" pipe", "it's"]])
    #expect(try table("\"a\" \t, b\n") == [["a", " b"]])
    #expect(try table("a,b\n\n\n1,2\n\n") == [["a", "b"], ["1", "2"]])
}

@Test func `rows know their lines, and reading goes on behind any of them`() throws {
    let file = Array("h,i\na,b\r\n\"1\n2\r\n3\",x\ry,z\nlast,\n".utf8)
    let all = try rows(file, CSVOptions(), pieceBytes: 1).rows
    #expect(all.map(\.line) == [2, 3, 6, 7])
    #expect(all.map(\.number) == [1, 2, 3, 4])
    for count in 0...4 {
        var reader = try CSVRowReader(CSVOptions(), MemoryBytes(file))
        var row = FileRow()
        for _ in 0..<count { #expect(try reader.next(&row)) }
        var again = try CSVRowReader(CSVOptions(), MemoryBytes(file), from: reader.place)
        #expect(again.columns == ["h", "i"])
        for expected in all[count...] {
            #expect(try again.next(&row))
            #expect(row.number == expected.number && row.line == expected.line)
            #expect(texts(row) == texts(expected) && row.raw == expected.raw)
        }
        #expect(try !again.next(&row))
    }
}

@Test func `a faulty row says why, and the next ones are read`() throws {
    let file = Array("a,b\n\"a\"x,1\nb\nc,2\n".utf8) + [0xe9, 44, 10, 0x61, 44, 0, 10, 34, 10]
    let all = try rows(file, CSVOptions()).rows
    #expect(
        all.map(\.fault) == [
            "Something stands between a closing quote and the next separator.",
            "The row has 1 fields instead of 2.", nil, "a: not utf-8 text.",
            "There is a zero byte in the row.", "The quote that is opened here is never closed.",
        ])
    #expect(String(decoding: all[0].raw, as: UTF8.self) == "\"a\"x,1")
}

@Test func `byte order marks are understood`() throws {
    #expect(try table("\u{feff}a,b\n") == [["a", "b"]])
    #expect(try table("\u{feff}\"a\",b\n") == [["a", "b"]])
    let wide: [UInt8] = [0xff, 0xfe, 0x61, 0]
    #expect(throws: FormatError(CSVError.wideEncoding.sentence)) { try rows(wide, bare) }
    var options = bare
    options.encoding = .windows1252
    #expect(throws: FormatError(CSVError.markedAsUTF8.sentence)) {
        try rows([0xef, 0xbb, 0xbf, 0x61], options)
    }
    options.encoding = .utf16
    #expect(try rows(wide, options).rows.map(texts) == [["a"]])
    #expect(
        try rows([0xfe, 0xff, 0, 0x61, 0xd8, 0x3d, 0xde, 0], options).rows.map(texts) == [["a😀"]])
    #expect(throws: FormatError.self) { try rows(wide + [0x3d, 0xd8], options) }
    #expect(throws: FormatError.self) { try rows(wide + [0x61], options) }
}

@Test func `a row that never ends is refused, and memory stays bounded`() throws {
    let long = [UInt8](repeating: 0x61, count: 3 * CSVLimit.rowBytes)
    #expect(throws: FormatError(CSVError.rowTooLong(line: 2).sentence)) {
        try rows(Array("a\n\"".utf8) + long, CSVOptions())
    }
    #expect(throws: FormatError(CSVError.tooManyFields(line: 1).sentence)) {
        try rows([UInt8](repeating: UInt8(ascii: ","), count: CSVLimit.fields + 1), CSVOptions())
    }
}

@Test func `separator, quote and encoding are found out`() throws {
    func found(_ bytes: [UInt8], names: [String] = []) throws -> CSVRowReader {
        var options = CSVOptions()
        options.detected = .all
        return try CSVRowReader(options, MemoryBytes(bytes), names: names)
    }
    func found(_ text: String, names: [String] = []) throws -> [String] {
        try found(Array(text.utf8), names: names).columns
    }
    #expect(try found("a;b;c\n1,5;2,5;3,5\n") == ["a", "b", "c"])
    #expect(try found("a\tb\n1,5\t2\n") == ["a", "b"])
    #expect(try found("a|b\nx|y\n") == ["a", "b"])
    #expect(try found("'a','b'\n'x,y','z'\n") == ["a", "b"])
    #expect(try found("sep=|\r\na|b,c\r\n") == ["a", "b,c"])
    #expect(try found("name\nit's, they say\n") == ["name"])
    // The names that are looked for decide where counting cannot.
    #expect(try found("a;b,c\n1;2,3\n", names: ["b,c"]) == ["a", "b,c"])
    #expect(try found("a;b,c\n1;2,3\n", names: ["a;b"]) == ["a;b", "c"])
    #expect(try found(Array("größe,b\n1,2\n".utf8)).options.encoding == .utf8)
    #expect(try found([0x67, 0xf6, 44, 0x62, 10]).columns == ["gö", "b"])
    #expect(try found([0x67, 0xf6, 44, 0x9d, 10]).options.encoding == .windows1250)
    #expect(try found([0x67, 0xf6, 44, 0x9d, 10]).columns == ["gö", "ť"])
    let wide = Array("a;ž\r\n1;2\r\n".utf16)
    let little = wide.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    let big = wide.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
    #expect(try found(little).columns == ["a", "ž"])
    #expect(try found(big).columns == ["a", "ž"])
    #expect(try found([0xff, 0xfe] + little).columns == ["a", "ž"])
    // A character that two reads share.
    let far = [UInt8](repeating: 0x61, count: TextPieces.pieceBytes - 1) + Array("é\n".utf8)
    #expect(try found(far).options.encoding == .utf8)
    #expect(try found(far + [0xff]).options.encoding == .windows1252)
}

@Test func `encodings decode strictly and both ways`() throws {
    for encoding in TextEncoding.allCases where encoding.table != nil {
        var assigned = 0
        for byte in UInt8.min...UInt8.max {
            guard let text = encoding.decode([byte]) else { continue }
            var back: [UInt8] = []
            #expect(encoding.encode(text, into: &back))
            #expect(back == [byte], "\(encoding)")
            assigned += 1
        }
        #expect(assigned > 200, "\(encoding)")
    }
    #expect(TextEncoding.windows1252.decode([0x80, 0x9f]) == "€Ÿ")
    #expect(TextEncoding.windows1252.decode([0x81]) == nil)
    #expect(TextEncoding.windows1250.decode([0x8a, 0xf8]) == "Šř")
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
    var alphabet = ["a", ",", ";", "\"", "'", "\n", "\r", "\r\n", "=", "+", "-", "@", "\t", " "]
    alphabet += ["s", "e", "p"]
    if encoding.multibyteName != nil {
        alphabet += ["表", "、"]
    } else if encoding.table == nil {
        alphabet += ["\u{feff}", "🖨", "ñ", "é"]
    }
    if encoding == .windows1252 { alphabet += ["€", "ÿ", "þ"] }
    if encoding == .ibm852 { alphabet += ["ř", "Ž"] }
    let count = Int.random(in: 0..<6, using: &random)
    return (0..<count).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
}

@Test func `what is written is read back the same, however the file is cut`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("csv seed \(seed)")
    var random = TestRandom(seed: seed)
    for _ in 0..<1500 {
        var options = bare
        options.encoding = TextEncoding.allCases.randomElement(using: &random) ?? .utf8
        options.separator = Array(",;\t|".utf8).randomElement(using: &random) ?? 44
        options.quote = Array("\"'".utf8).randomElement(using: &random) ?? 34
        options.byteOrderMark = Bool.random(using: &random)
        let width = Int.random(in: 1...4, using: &random)
        let table = (0..<Int.random(in: 0...6, using: &random)).map { _ in
            (0..<width).map { _ in awkward(&random, options.encoding) }
        }
        let writer = FileOptions(options)
        var new = try writer.writer(columns: [])
        try new.begin()
        for cells in table {
            var row = FileRow()
            for cell in cells {
                if let cell { row.append(.text, cell) } else { row.appendNothing() }
            }
            try new.row(row)
        }
        try new.finish()
        let file = try new.take()
        let pieceBytes = Int.random(in: 1...40, using: &random)
        let read = try rows(file, options, pieceBytes: pieceBytes).rows
        #expect(read.map(texts) == table, "seed \(seed): \(file)")
        #expect(read.allSatisfy { $0.fault == nil })
    }
}

@Test func `any bytes cut anywhere give the same rows`() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("csv seed \(seed)")
    var random = TestRandom(seed: seed)
    let alphabet = Array("ab,,\"\"\"\n\n\r\r;'".utf8) + [0xef, 0xbb, 0xbf, 0xff, 0]
    for _ in 0..<2000 {
        let count = Int.random(in: 0..<60, using: &random)
        let file = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
        var options = bare
        options.detected = Bool.random(using: &random) ? .all : []
        let whole = outcome { try rows(file, options).rows }
        let pieceBytes = Int.random(in: 1...9, using: &random)
        let cut = outcome { try rows(file, options, pieceBytes: pieceBytes).rows }
        #expect(whole == cut, "seed \(seed): \(file)")
    }
}

/// All that is known of the rows, or of the error instead of them.
private func outcome(_ read: () throws -> [FileRow]) -> String {
    do {
        return try read().map { "\($0.line) \($0.raw) \(texts($0)) \($0.fault ?? "")" }.joined()
    } catch {
        return "\(error)"
    }
}
