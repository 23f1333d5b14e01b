import JSON
import TestSupport
import Testing

@testable import Batch

@Test func `rows of a csv file come with their columns, and go on from any place`() async throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/file.csv"
    try TestFile.write("a, b \n1,'=2\n\n,\"\"\nx\n3,4\n", to: path)
    let stream = RowStream()
    let (columns, header) = try await stream.open(path, FileOptions(), names: [])
    #expect(columns == ["a", "b"])
    #expect(header == Array("a, b ".utf8))
    let (rows, place) = try await stream.rows(limit: 3, bytes: 1 << 20)
    #expect(rows.map(\.number) == [1, 2, 3])
    #expect(rows.map(\.line) == [2, 4, 5])
    #expect(rows[0].text(0) == "1" && rows[0].text(1) == "=2")
    #expect(rows[1].kind(0) == .nothing && rows[1].text(1) == "")
    #expect(rows[2].fault == "The row has 1 fields instead of 2.")
    #expect(rows[2].raw == [0x78])
    await stream.close()

    let again = RowStream()
    _ = try await again.open(path, FileOptions(), names: [], from: place)
    let (last, end) = try await again.rows(limit: 3, bytes: 1 << 20)
    #expect(last.map(\.number) == [4] && last.map(\.line) == [6])
    #expect(last[0].text(1) == "4" && end.rows == 4)
    #expect(try await again.rows(limit: 3, bytes: 1 << 20).rows.isEmpty)
    await again.close()
}

@Test func `rejected rows of a csv file stand as they came, with the reason`() throws {
    var writer = try FileOptions().rejectWriter(columns: ["a", "b"], header: Array("a, b ".utf8))
    try writer.begin()
    try writer.row(raw: [0x78], line: 5, reason: "too \"few\"")
    try writer.finish()
    #expect(
        String(decoding: try writer.take(), as: UTF8.self)
            == "a, b ,_line,_error\r\nx,,5,\"too \"\"few\"\"\"\r\n")
}
