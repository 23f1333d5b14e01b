import ServiceRuntime
import TestSupport
import Testing

@testable import Batch

/// XLSX files against openpyxl, xlsxwriter and calamine, which `Scripts/setup test` brings.
@Suite struct `Sheets are those of other programs` {
    private static let python = TestFile.repository + "/.build-batch/bin/python3"
    private let folder = TemporaryFolder()

    private func run(_ script: String, _ name: String) async throws -> String {
        try #require(Files.exists(Self.python), "run Scripts/setup test, which brings it")
        let program = folder.path + "/peer.py"
        try TestFile.write(script, to: program)
        let (code, output) = try await ChildProcess.run(
            Self.python, [program, folder.path + "/" + name])
        try #require(code == 0, "\(output)")
        return output
    }

    @Test func `what we write, openpyxl and calamine read`() async throws {
        let columns = ["text", "number", "day", "time", "flag", "nothing"]
        var writer = try FileOptions(.xlsx).writer(columns: columns)
        try writer.begin()
        var row = FileRow()
        row.append(.text, "=1+1 é🖨\n<&>")
        row.append(.number, "12.50")
        row.append(.date, "2026-02-28")
        row.append(.datetime, "2026-02-28T13:30:15.000Z")
        row.append(.boolean, "true")
        row.appendNothing()
        for _ in 0..<3 {
            try writer.row(row)
            let bytes = try writer.take()
            try append(bytes, "ours.xlsx")
            writer = try FileOptions(.xlsx).writer(columns: columns, from: writer.state)
        }
        try writer.finish()
        try append(try writer.take(), "ours.xlsx")
        let script = """
            import sys, openpyxl, python_calamine
            sheet = openpyxl.load_workbook(sys.argv[1]).active
            rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
            print(len(rows), rows[0] == ["text", "number", "day", "time", "flag", "nothing"])
            print(ascii(rows[3]), sheet["A2"].data_type, sheet["A2"].quotePrefix)
            rows = python_calamine.load_workbook(sys.argv[1]).get_sheet_by_index(0).to_python()
            print(len(rows), ascii(rows[3][:5]))
            """
        let output = try await run(script, "ours.xlsx")
        #expect(
            output == """
                4 True
                ['=1+1 \\xe9\\U0001f5a8\\n<&>', 12.5, datetime.datetime(2026, 2, 28, 0, 0), \
                datetime.datetime(2026, 2, 28, 13, 30, 15), True, None] s True
                4 ['=1+1 \\xe9\\U0001f5a8\\n<&>', 12.5, datetime.date(2026, 2, 28), \
                datetime.datetime(2026, 2, 28, 13, 30, 15), True]

                """)
    }

    private func append(_ bytes: [UInt8], _ name: String) throws {
        let path = folder.path + "/" + name
        try TestFile.write((TestFile.bytes(path) ?? []) + bytes, to: path)
    }

    @Test func `what openpyxl and xlsxwriter write, we read`() async throws {
        let script = """
            import sys, datetime, openpyxl, xlsxwriter
            rows = [["code", "n", "day", "time", "flag"],
                    ["0012 \\u00e9", 1.1, datetime.date(2026, 2, 28),
                     datetime.datetime(2026, 2, 28, 13, 30, 15), True],
                    ["=x", None, None, None, False]]
            book = openpyxl.Workbook()
            for row in rows: book.active.append(row)
            book.active["A3"].data_type = "s"
            book.save(sys.argv[1] + ".open")
            book = xlsxwriter.Workbook(sys.argv[1] + ".writer")
            sheet = book.add_worksheet()
            day = book.add_format({"num_format": "d.m.yyyy"})
            time = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
            for i, row in enumerate(rows):
                for j, value in enumerate(row):
                    if value is None: continue
                    if isinstance(value, str): sheet.write_string(i, j, value)
                    elif isinstance(value, datetime.datetime): sheet.write_datetime(i, j, value, time)
                    elif isinstance(value, datetime.date): sheet.write_datetime(i, j, value, day)
                    else: sheet.write(i, j, value)
            book.close()
            """
        _ = try await run(script, "theirs")
        for kind in ["open", "writer"] {
            let bytes = TestFile.bytes(folder.path + "/theirs." + kind) ?? []
            let all = try rows(bytes, FileOptions(.xlsx))
            #expect(
                all.map(texts) == [
                    ["0012 é", "1.1", "2026-02-28", "2026-02-28T13:30:15.000Z", "true"],
                    ["=x", nil, nil, nil, "false"],
                ], "\(kind)")
        }
    }
}
