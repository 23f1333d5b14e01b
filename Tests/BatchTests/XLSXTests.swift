import TestSupport
import Testing

@testable import Batch

/// An XLSX file of these parts, stored.
private func archive(_ parts: [(String, String)]) throws -> [UInt8] {
    var zip = try ZipWriter(nil)
    var bytes: [UInt8] = []
    let all = parts.map { ($0.0, Array($0.1.utf8)) }
    for part in all { zip.store(part.0, part.1, into: &bytes) }
    zip.begin("end", into: &bytes)
    zip.finish(all.map { (name: $0.0, bytes: $0.1) }, "end", into: &bytes)
    return bytes
}

private let book = """
    <workbook xmlns:r="r"><sheets><sheet name="One" r:id="a"/><sheet name="Two" r:id="b"/></sheets>
    </workbook>
    """
private let links = """
    <Relationships><Relationship Id="a" Target="worksheets/one.xml"/>\
    <Relationship Id="b" Target="/xl/two.xml"/></Relationships>
    """
private let styles = """
    <styleSheet><numFmts><numFmt numFmtId="170" formatCode="[Red]d.m.yyyy;&quot;h&quot;"/></numFmts>
    <cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="170"/>
    <xf numFmtId="20"/></cellXfs></styleSheet>
    """

private func workbook(_ one: String, _ two: String = "", shared: String = "") throws -> [UInt8] {
    try archive([
        ("xl/workbook.xml", book), ("xl/_rels/workbook.xml.rels", links), ("xl/styles.xml", styles),
        ("xl/sharedStrings.xml", "<sst>\(shared)</sst>"),
        ("xl/worksheets/one.xml", "<worksheet><sheetData>\(one)</sheetData></worksheet>"),
        ("xl/two.xml", "<x:worksheet><x:sheetData>\(two)</x:sheetData></x:worksheet>"),
    ])
}

private func refusal(_ bytes: [UInt8]) -> String {
    do {
        _ = try rows(bytes, FileOptions(.xlsx))
        return "read"
    } catch let error as FormatError {
        return error.sentence
    } catch {
        return "other \(error)"
    }
}

@Test func `cells of a sheet have their kinds`() throws {
    let header = #"<row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2" t="s"><v>1</v></c></row>"#
    let one = """
        <row r="1"/>\(header)<row r="4"><c r="A4"><v>1.1000000000000001</v></c>\
        <c r="B4" s="1"><v>45351</v></c><c r="C4" t="b"><v>1</v></c></row>
        <row><c s="2"><v>45351.5</v></c><c s="3"><v>60</v></c>\
        <c t="inlineStr"><is><r><t>a&#x20AC;</t></r><rPh><t>no</t></rPh><r><t> _x000D_</t></r></is></c></row>
        <row r="6"><c r="A6" s="4"><v>0.75</v></c><c r="C6" t="str"><f>1+1</f><v>=2</v></c></row>
        <row r="7"><c r="A7" t="e"><v>#DIV/0!</v></c></row>
        <row r="8"><c r="E8"><v>1</v></c></row>
        """
    let shared = "<si><t>n</t></si><si><r><t>t</t></r><r><t>wo</t></r></si>"
    let file = try workbook(one, "<x:row><x:c><x:v>5</x:v></x:c></x:row>", shared: shared)
    let all = try rows(file, FileOptions(.xlsx))
    #expect(texts(all[0]) == ["1.1", "2024-02-29", "true"])
    #expect((0..<3).map { all[0].kind($0) } == [.number, .date, .boolean])
    #expect(texts(all[1]) == ["2024-02-29T12:00:00.000Z", "1900-02-28", "a€ \r"])
    #expect(texts(all[2]) == ["18:00:00", nil, "=2"])
    #expect(all[3].fault == "Row 7 has the error #DIV/0!.")
    #expect(all[4].fault?.contains("behind the last") == true)
    #expect(all.map(\.line) == [4, 5, 6, 7, 8])
    var second = FileOptions(.xlsx)
    second.sheet = "Two"
    second.csv.header = false
    #expect(try rows(file, second).map(texts) == [["5"]])
    second.sheet = "Three"
    #expect(throws: FormatError("The file has no sheet “Three”; it has: One, Two.")) {
        try rows(file, second)
    }
}

@Test func `archives that are cut, lie or lead elsewhere are refused`() throws {
    let good = try workbook("<row><c><v>1</v></c></row>")
    #expect(refusal(good) == "read")
    for count in [0, 4, 21, 22, 100, good.count / 2, good.count - 23, good.count - 1] {
        #expect(refusal(Array(good.prefix(count))).contains("damaged"), "\(count)")
    }
    #expect(refusal(try archive([("../../etc/passwd", "x")])).contains("name"))
    #expect(refusal(try archive([("/etc/passwd", "x")])).contains("name"))
    #expect(refusal(try archive([("a\\..\\b", "x")])).contains("name"))
    #expect(refusal(try archive([("a", "x"), ("a", "y")])).contains("twice"))
    #expect(refusal(try archive([("a", "x")])).contains("no workbook"))
    #expect(refusal([UInt8]("PK\u{5}\u{6}".utf8)).contains("damaged"))
    let entity = try workbook("<row><c t=\"str\"><v>&x;</v></c></row>")
    #expect(refusal(entity).contains("entity"))
    let outside = try archive([
        ("xl/workbook.xml", "<!DOCTYPE a [<!ENTITY x SYSTEM \"/etc/passwd\">]>" + book),
        ("xl/_rels/workbook.xml.rels", links),
    ])
    #expect(refusal(outside).contains("document types"))
    #expect(refusal(try workbook("<row><c t=\"s\"><v>0</v></c></row>")).contains("not there"))
}

@Test func `any damage of a file is refused or read, and never ends the process`() throws {
    var writer = try FileOptions(.xlsx).writer(columns: ["a", "b"])
    try writer.begin()
    var row = FileRow()
    row.append(.text, "x")
    row.append(.date, "2026-01-01")
    try writer.row(row)
    try writer.finish()
    let good = try writer.take()
    let seed = UInt64.random(in: 0...UInt64.max)
    print("xlsx seed \(seed)")
    var random = TestRandom(seed: seed)
    for _ in 0..<3000 {
        var bytes = good
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                in: 0...255, using: &random)
        }
        let sentence = refusal(bytes)
        #expect(!sentence.hasPrefix("other"), "seed \(seed)")
    }
}

@Test func `a bomb is not unpacked`() throws {
    // 64 MiB of blanks within the sheet, packed to 64 KiB.
    var zip = try ZipWriter(nil)
    var bytes: [UInt8] = []
    let parts = [("xl/workbook.xml", book), ("xl/_rels/workbook.xml.rels", links)].map {
        (name: $0.0, bytes: Array($0.1.utf8))
    }
    for part in parts { zip.store(part.name, part.bytes, into: &bytes) }
    zip.begin("xl/worksheets/one.xml", into: &bytes)
    for _ in 0..<64 { try zip.pack([UInt8](repeating: 32, count: 1 << 20), into: &bytes) }
    zip.finish(parts, "xl/worksheets/one.xml", into: &bytes)
    #expect(bytes.count < 1 << 20)
    #expect(refusal(bytes).contains("times its size"))
    // A directory that says less than the part has is found out while unpacking.
    let field = bytes.count - 22 - "xl/worksheets/one.xml".utf8.count - 46 + 24
    bytes.replaceSubrange(field..<field + 4, with: [0, 0, 16, 0])
    #expect(refusal(bytes).contains("more than it says") || refusal(bytes).contains("more than"))
}

@Test func `dates and looks are those of spreadsheets`() {
    #expect(SheetDate.number("1900-03-01") == 61 && SheetDate.number("1900-02-28") == nil)
    #expect(SheetDate.number("2026-11-22T12:00:00.000Z") == 46348.5)
    #expect(SheetDate.text(1, .date, isFrom1904: false)?.text == "1900-01-01")
    #expect(SheetDate.text(0, .date, isFrom1904: true)?.text == "1904-01-01")
    #expect(SheetDate.text(3e6, .date, isFrom1904: false) == nil)
    for (code, look) in [
        ("General", Workbook.Look.number), ("0.00", .number), ("yyyy-mm-dd", .date),
        ("h:mm", .time), ("d/m/yy h:mm", .datetime), ("\"day\" 0", .number), ("[h]:mm", .number),
        ("mm:ss", .time),
        ("mmm", .date), ("#,##0 [$€-407]", .number), ("0\\d", .number),
    ] {
        #expect(Workbook.look(code) == look, "\(code)")
    }
}
