import JSON

/// Writes an archive of small stored parts and one large packed part behind them, which can go on
/// in another process after each `flush`.
struct ZipWriter {
    private var deflate: Deflate
    /// Bytes of the archive so far.
    private var offset: Int
    /// Where the local headers of the parts stand, in their order.
    private var places: [Int]

    init(_ state: JSONValue?) throws(FormatError) {
        offset = Int(state?["offset"]?.integer ?? 0)
        places = (state?["places"]?.array ?? []).map { Int($0.integer ?? 0) }
        guard let state else {
            deflate = try Deflate()
            return
        }
        deflate = try Deflate(
            checksum: UInt(state["checksum"]?.integer ?? 0),
            packed: Int(state["packed"]?.integer ?? 0),
            unpacked: Int(state["unpacked"]?.integer ?? 0))
    }

    var state: JSONValue {
        [
            "offset": JSONValue(offset), "places": .array(places.map { JSONValue($0) }),
            "checksum": JSONValue(Int(deflate.checksum)), "packed": JSONValue(deflate.packed),
            "unpacked": JSONValue(deflate.unpacked),
        ]
    }

    mutating func store(_ name: String, _ part: [UInt8], into bytes: inout [UInt8]) {
        let before = bytes.count
        places.append(offset)
        local(name, method: 0, flags: 0, checksum(part), part.count, into: &bytes)
        bytes += part
        offset += bytes.count - before
    }

    /// The packed part: its sizes follow behind it.
    mutating func begin(_ name: String, into bytes: inout [UInt8]) {
        let before = bytes.count
        places.append(offset)
        local(name, method: 8, flags: 8, 0, 0, into: &bytes)
        offset += bytes.count - before
    }

    mutating func pack(_ piece: [UInt8], into bytes: inout [UInt8]) throws(FormatError) {
        let before = bytes.count
        deflate.pack(piece, into: &bytes)
        offset += bytes.count - before
        guard deflate.unpacked < XLSXLimit.entryBytes - (1 << 20), offset < XLSXLimit.entryBytes / 2
        else { throw FormatError("The sheet is too large for XLSX; write CSV.") }
    }

    mutating func flush(into bytes: inout [UInt8]) {
        let before = bytes.count
        deflate.flush(into: &bytes)
        offset += bytes.count - before
    }

    /// Ends the packed part and writes the directory.
    mutating func finish(
        _ parts: [(name: String, bytes: [UInt8])], _ packed: String, into bytes: inout [UInt8]
    ) {
        let before = bytes.count
        deflate.finish(into: &bytes)
        Self.append([(0x0807_4b50, 4), (Int(deflate.checksum), 4)], to: &bytes)
        Self.append([(deflate.packed, 4), (deflate.unpacked, 4)], to: &bytes)
        offset += bytes.count - before
        let start = bytes.count
        for (index, part) in parts.enumerated() {
            let size = part.bytes.count
            directory(
                part.name, method: 0, flags: 0, checksum(part.bytes), size, size, places[index],
                into: &bytes)
        }
        directory(
            packed, method: 8, flags: 8, deflate.checksum, deflate.packed, deflate.unpacked,
            places.last ?? 0, into: &bytes)
        let size = bytes.count - start
        Self.append([(0x0605_4b50, 4), (0, 4), (places.count, 2), (places.count, 2)], to: &bytes)
        Self.append([(size, 4), (offset, 4), (0, 2)], to: &bytes)
        offset += bytes.count - start
    }

    private func local(
        _ name: String, method: Int, flags: Int, _ checksum: UInt, _ size: Int,
        into bytes: inout [UInt8]
    ) {
        // The time is 1980-01-01: the same rows make the same file.
        Self.append(
            [(0x0403_4b50, 4), (20, 2), (flags, 2), (method, 2), (0, 2), (0x21, 2)], to: &bytes)
        Self.append([(Int(checksum), 4), (size, 4), (size, 4)], to: &bytes)
        Self.append([(name.utf8.count, 2), (0, 2)], to: &bytes)
        bytes += Array(name.utf8)
    }

    private func directory(
        _ name: String, method: Int, flags: Int, _ checksum: UInt, _ packed: Int, _ unpacked: Int,
        _ place: Int, into bytes: inout [UInt8]
    ) {
        Self.append([(0x0201_4b50, 4), (20, 2), (20, 2), (flags, 2), (method, 2)], to: &bytes)
        Self.append(
            [(0, 2), (0x21, 2), (Int(checksum), 4), (packed, 4), (unpacked, 4)], to: &bytes)
        Self.append([(name.utf8.count, 2), (0, 2), (0, 2), (0, 2), (0, 2), (0, 4)], to: &bytes)
        Self.append([(place, 4)], to: &bytes)
        bytes += Array(name.utf8)
    }

    private static func append(_ words: [(Int, Int)], to bytes: inout [UInt8]) {
        for (value, length) in words {
            for place in 0..<length {
                bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place)))
            }
        }
    }
}

/// The parts of a workbook with one sheet.
enum SheetParts {
    static let sheet = "xl/worksheets/sheet1.xml"
    static let head = """
        <?xml version="1.0" encoding="UTF-8" standalone="yes"?>
        <worksheet xmlns="\(main)"><sheetData>
        """
    static let tail = "</sheetData></worksheet>"

    private static let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    private static let office =
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    private static let package = "http://schemas.openxmlformats.org/package/2006"
    private static let type = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    private static let declaration =
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

    static func all(_ title: String) -> [(name: String, bytes: [UInt8])] {
        [
            ("[Content_Types].xml", types), ("_rels/.rels", links),
            ("xl/workbook.xml", workbook(title)), ("xl/_rels/workbook.xml.rels", bookLinks),
            ("xl/styles.xml", styles),
        ].map { ($0, Array((declaration + $1).utf8)) }
    }

    private static let types = """
        <Types xmlns="\(package)/content-types">\
        <Default Extension="rels" \
        ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
        <Default Extension="xml" ContentType="application/xml"/>\
        <Override PartName="/xl/workbook.xml" ContentType="\(type).sheet.main+xml"/>\
        <Override PartName="/xl/worksheets/sheet1.xml" \
        ContentType="\(type).worksheet+xml"/>\
        <Override PartName="/xl/styles.xml" ContentType="\(type).styles+xml"/></Types>
        """

    private static let links = """
        <Relationships xmlns="\(package)/relationships"><Relationship Id="rId1" \
        Type="\(office)/officeDocument" Target="xl/workbook.xml"/></Relationships>
        """

    private static func workbook(_ title: String) -> String {
        var name = ""
        for character in title {
            switch character {
            case "&": name += "&amp;"
            case "<": name += "&lt;"
            case "\"": name += "&quot;"
            default: name.append(character)
            }
        }
        return """
            <workbook xmlns="\(main)" xmlns:r="\(office)"><sheets>\
            <sheet name="\(name)" sheetId="1" r:id="rId1"/></sheets></workbook>
            """
    }

    private static let bookLinks = """
        <Relationships xmlns="\(package)/relationships">\
        <Relationship Id="rId1" Type="\(office)/worksheet" Target="worksheets/sheet1.xml"/>\
        <Relationship Id="rId2" Type="\(office)/styles" Target="styles.xml"/></Relationships>
        """

    private static let styles = """
        <styleSheet xmlns="\(main)"><numFmts count="2">\
        <numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>\
        <numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>\
        <fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>\
        <fills count="2"><fill><patternFill patternType="none"/></fill>\
        <fill><patternFill patternType="gray125"/></fill></fills>\
        <borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
        <cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>\
        </cellStyleXfs>\
        <cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
        <xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
        <xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
        <xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" \
        quotePrefix="1"/></cellXfs><cellStyles count="1">\
        <cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>
        """
}
