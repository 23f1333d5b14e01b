import JSON
import TestSupport
import Testing

@testable import Batch

/// All rows of a file.
func rows(_ bytes: [UInt8], _ options: FileOptions, names: [String] = []) throws -> [FileRow] {
    var reader = try options.reader(MemoryBytes(bytes), names: names)
    var all: [FileRow] = []
    var row = FileRow()
    while try reader.next(&row) { all.append(row) }
    return all
}

func texts(_ row: FileRow) -> [String?] { (0..<row.count).map { row.text($0) } }

private func ndjson(_ text: String, _ names: [String] = ["a", "b"]) throws -> [FileRow] {
    try rows(Array(text.utf8), FileOptions(.ndjson), names: names)
}

private func json(_ text: String, _ names: [String] = ["a", "b"]) throws -> [FileRow] {
    try rows(Array(text.utf8), FileOptions(.json), names: names)
}

@Test func `json and ndjson give numbers as they are written, and objects as json`() throws {
    let text = #"{"b": 12345678901234567890.10, "a": "x\n\ud83d\ude00"}"#
    for all in [try ndjson(text), try json("[\(text)]")] {
        #expect(texts(all[0]) == ["x\n😀", "12345678901234567890.10"])
        #expect(all[0].kind(1) == .number)
    }
    let second = try json(" [ {\"a\": null, \"b\": {\"c\": [1]}} ,\n{\"a\": true, \"x\": 1} ] ")
    #expect(second[0].kind(0) == .nothing && second[0].kind(1) == .json)
    #expect(second[0].text(1) == #"{"c":[1]}"#)
    #expect(second[1].kind(0) == .boolean && second[1].kind(1) == .nothing)
    #expect(second.map(\.line) == [1, 2])
    #expect(try json("[]").isEmpty && ndjson("\n \n").isEmpty)
    #expect(try json("[{\"q\":1}]", []).map(texts) == [["1"]])
}

@Test func `a faulty line of ndjson is told and the next ones are read`() throws {
    let all = try ndjson(
        "{\"a\":1}\n{\"a\":\nnull\n{\"a\":1,\"a\":2}\n{\"a\":\"\\u0000\"}\r\n{\"a\":3}")
    #expect(all.map { $0.fault == nil } == [true, false, false, false, false, true])
    #expect(all.map(\.line) == [1, 2, 3, 4, 5, 6])
    #expect(texts(all[5]) == ["3", nil])
}

@Test func `a json file that is cut, endless or no array is refused`() throws {
    for text in ["{}", "[{\"a\":1}", "[{\"a\":1},", "[{\"a\":", "[1 2]", "[] []", "x"] {
        #expect(throws: FormatError.self, "\(text)") { try json(text) }
    }
    #expect(try json("[1, {\"a\":2}]").map { $0.fault == nil } == [false, true])
    let long = "[{\"a\":\"" + String(repeating: "x", count: ItemLimit.bytes + (1 << 20)) + "\"}]"
    #expect(throws: FormatError.self) { try json(long) }
    #expect(throws: FormatError.self) { try ndjson(long) }
}

private func xml(_ text: String, _ names: [String], item: String? = nil) throws -> [FileRow] {
    var options = FileOptions(.xml)
    options.item = item.flatMap { XMLItemPath($0) }
    return try rows(Array(text.utf8), options, names: names)
}

@Test func `xml is read by the path of its items`() throws {
    let text = """
        <?xml version="1.0"?><list xmlns:p="urn:p"><head><row><a>no</a></row></head>
        <rows><row id="1"><a>x &amp; y</a><p:b kind="k">\u{20AC}<c>in</c></p:b></row>
        <row id="2"><a/><a>z</a></row><row/></rows></list>
        """
    let names = ["@id", "a", "b/@kind", "b/c", "."]
    let all = try xml(text, names, item: "list/rows/row")
    #expect(texts(all[0]) == ["1", "x & y", "k", "in", ""])
    #expect(all[1].fault?.hasPrefix("a: ") == true)
    #expect(texts(all[2]) == [nil, nil, nil, nil, ""])
    #expect(all.map(\.line) == [2, 3, 3])
    #expect(
        String(decoding: all[0].raw, as: UTF8.self)
            == "<row id=\"1\"><a>x &amp; y</a><b kind=\"k\">\u{20AC}<c>in</c></b></row>")
    #expect(try xml("<r><i><a>1</a></i><j><a>2</a></j></r>", ["a"]).map(texts) == [["1"], ["2"]])
}

@Test func `xml that refers outside, multiplies or is cut is refused`() throws {
    let outside = "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r><i><a>&x;</a></i></r>"
    let laughs = "<!DOCTYPE r [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><r><i><a>&b;</a></i></r>"
    for text in [outside, laughs, "<r><i><a>&b;</a></i></r>", "<r><i><a>1</a></i>", "<r><i>", ""] {
        #expect(throws: FormatError.self, "\(text)") { try xml(text, ["a"]) }
    }
}

/// Cells that make trouble, by kind.
private func cell(_ random: inout TestRandom, _ format: FileFormat) -> (CellKind, String) {
    let texts = [
        "", "=1+1", "-5", "+x", "@", "\tx", "'=", "0012", " ", "a,b;c\"d\"", "line\r\nbreak", "\r",
        "é€🖨👩‍👩‍👧", "_x000D_", "_x0041_", "<&>]]>", "null", "true", "1e5", "\u{feff}x", "2026-01-01",
    ]
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return (.nothing, "")
    case 1:
        let numbers = [
            "0", "-0.10", "12.50", "1e-7", "9007199254740993", "123456789012345678.901", "-1",
        ]
        return (.number, numbers.randomElement(using: &random) ?? "0")
    case 2: return (.boolean, Bool.random(using: &random) ? "true" : "false")
    case 3:
        let days = [
            "2026-02-28", "1900-01-01", "1900-03-01", "1582-10-15", "2024-02-29", "9999-12-31",
        ]
        return (.date, days.randomElement(using: &random) ?? "")
    case 4:
        let ms = String(1000 + Int.random(in: 0..<1000, using: &random)).dropFirst()
        let times = [
            "2026-11-22T10:15:30.\(ms)Z", "1969-12-31T23:59:59.\(ms)Z", "1700-01-01T00:00:00.000Z",
        ]
        return (.datetime, times.randomElement(using: &random) ?? "")
    case 5: return (.json, #"{"a":[1,"=x"]}"#)
    default:
        var text = texts.randomElement(using: &random) ?? ""
        if format != .xml, Int.random(in: 0..<8, using: &random) == 0 { text += "\u{1}\u{ffff}" }
        return (.text, text)
    }
}

@Test(arguments: FileFormat.allCases)
func `what is written is read back the same, page by page`(_ format: FileFormat) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("\(format) seed \(seed)")
    var random = TestRandom(seed: seed)
    for _ in 0..<150 {
        let names = ["code", "Größe", "=x", "d"].prefix(Int.random(in: 1...4, using: &random))
        let columns = format == .xml ? names.map { $0 == "=x" ? "x" : $0 } : Array(names)
        let table = (0..<Int.random(in: 0...9, using: &random)).map { _ in
            columns.map { _ in cell(&random, format) }
        }
        let options = FileOptions(format)
        var file: [UInt8] = []
        var writer = try options.writer(columns: columns)
        try writer.begin()
        for cells in table {
            var row = FileRow()
            for (kind, text) in cells { row.append(kind, text) }
            try writer.row(row)
            guard Bool.random(using: &random) else { continue }
            // Another process goes on with the file.
            file += try writer.take()
            let state = try JSONValue(parsing: writer.state.bytes)
            writer = try options.writer(columns: columns, from: state)
        }
        try writer.finish()
        file += try writer.take()
        let read = try rows(file, options, names: columns)
        #expect(read.allSatisfy { $0.fault == nil }, "seed \(seed)")
        // A row with nothing in it is no row in a sheet.
        let expected = table.map { $0.map { $0.0 == .nothing ? nil : $0.1 } }.filter {
            format != .xlsx || $0.contains { $0 != nil }
        }
        #expect(read.map(texts) == expected, "seed \(seed)")
    }
}

@Test(arguments: FileFormat.allCases)
func `reading goes on behind any row`(_ format: FileFormat) throws {
    let options = FileOptions(format)
    var writer = try options.writer(columns: ["a", "b"])
    try writer.begin()
    for number in 0..<20 {
        var row = FileRow()
        row.append(.text, "x\n\(number)")
        row.append(.number, String(number))
        try writer.row(row)
    }
    try writer.finish()
    let source = MemoryBytes(try writer.take())
    for count in 0...20 {
        var reader = try options.reader(source, names: ["a", "b"])
        var row = FileRow()
        for _ in 0..<count { #expect(try reader.next(&row)) }
        var again = try options.reader(source, names: ["a", "b"], from: reader.place)
        var number = count
        while try again.next(&row) {
            number += 1
            #expect(row.number == number && row.text(1) == String(number - 1))
        }
        #expect(number == 20)
    }
}

@Test(arguments: FileFormat.allCases)
func `rejected rows come back in their format with the reason`(_ format: FileFormat) throws {
    var options = FileOptions(format)
    options.csv.detected = .all
    var writer = try FileOptions(format).writer(columns: ["a", "b"])
    try writer.begin()
    var row = FileRow()
    row.append(.text, "=x;é")
    row.append(.number, "5")
    try writer.row(row)
    try writer.finish()
    let file = try writer.take()
    var reader = try options.reader(MemoryBytes(file), names: ["a", "b"])
    #expect(try reader.next(&row))
    var rejects = try options.rejectWriter(columns: reader.columns, header: reader.header)
    try rejects.begin()
    try rejects.row(raw: row.raw, line: 7, reason: "too <large>")
    try rejects.finish()
    let bytes = try rejects.take()
    let again = try rows(bytes, options, names: ["a", "b", "_line", "_error"])
    #expect(again.map(texts) == [["=x;é", "5", "7", "too <large>"]])
    #expect(try rows(bytes, options, names: ["a", "b"])[0].fault == nil)
}
