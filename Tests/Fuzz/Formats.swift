@testable import Batch

// The readers of Batch that strangers' files reach.

/// However the file is read, in pieces of any size, it gives the same rows.
@Sendable func readCSV(_ bytes: [UInt8]) {
    var options = CSVOptions()
    options.detected = .all
    func read(_ pieceBytes: Int) -> [String] {
        var result: [String] = []
        var row = FileRow()
        guard
            var reader = try? CSVRowReader(options, MemoryBytes(bytes), pieceBytes: pieceBytes)
        else { return [] }
        while (try? reader.next(&row)) == true { result.append(text(row)) }
        return result
    }
    precondition(read(1 << 20) == read(7), "cut otherwise, read otherwise")
}

@Sendable func readXLSX(_ bytes: [UInt8]) { readAll(bytes, FileOptions(.xlsx)) }

@Sendable func readXML(_ bytes: [UInt8]) { readAll(bytes, FileOptions(.xml)) }

@Sendable func readJSON(_ bytes: [UInt8]) {
    readAll(bytes, FileOptions(.json))
    readAll(bytes, FileOptions(.ndjson))
}

/// What is read can be written as it was rejected.
private func readAll(_ bytes: [UInt8], _ options: FileOptions) {
    let names = options.format == .xlsx ? [] : ["a", "b", "@id", "."]
    guard var reader = try? options.reader(MemoryBytes(bytes), names: names),
        var rejects = try? options.rejectWriter(columns: reader.columns, header: reader.header)
    else { return }
    var row = FileRow()
    var number = 0
    while (try? reader.next(&row)) == true {
        number += 1
        precondition(row.number == number)
        precondition((0..<row.count).allSatisfy { TextEncoding.isUTF8(row.bytes($0)) })
        try? rejects.row(raw: row.raw, line: row.line, reason: row.fault ?? "")
    }
    _ = try? rejects.take()
}

private func text(_ row: FileRow) -> String {
    "\(row.line) \(row.raw) \((0..<row.count).map { row.text($0) }) \(row.fault ?? "")"
}
