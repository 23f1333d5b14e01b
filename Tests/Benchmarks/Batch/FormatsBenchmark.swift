import Batch
import Glibc
import ServiceRuntime
import TestSupport

/// Files of rows written and read, beside sqlite3, xlsxwriter and calamine. Of an export it is the
/// part that makes the file: what Records takes to answer is not in it.
struct FormatsBenchmark {
    let options: Options
    let folder: String

    private static let columns = ["number", "name", "price", "day", "note", "flag"]
    private var rows: Int { options.rows * 2 }

    func run(_ report: inout Report) async throws {
        say("Files of \(rows) rows with six columns")
        try await prepare()
        for _ in 1...options.rounds {
            report.add("csv written", try write(.csv))
            report.add("csv by sqlite3", try await sqlite("csv"))
            report.add("csv read", try read(.csv))
            report.add("json written", try write(.json))
            report.add("json by sqlite3", try await sqlite("json"))
            report.add("xlsx written", try write(.xlsx))
            report.add("xlsx by xlsxwriter", try await python(Self.writing))
            report.add("xlsx read", try read(.xlsx))
            report.add("xlsx read by calamine", try await python(Self.reading))
        }
        report.ratio("csv: rows/s to sqlite3", "csv written", "csv by sqlite3", target: 0.8)
        report.ratio("json: rows/s to sqlite3", "json written", "json by sqlite3", target: 0.6)
        report.ratio("xlsx: rows/s to xlsxwriter", "xlsx written", "xlsx by xlsxwriter", target: 4)
        report.ratio("xlsx: rows/s to calamine", "xlsx read", "xlsx read by calamine", target: 0.7)
    }

    private func path(_ format: String) -> String { "\(folder)/rows.\(format)" }

    private func write(_ format: FileFormat) throws -> Sample {
        let file = open(path(format.rawValue), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard file >= 0 else { throw BenchmarkError("no file") }
        defer { close(file) }
        return try timed {
            var writer = try FileOptions(format).writer(columns: Self.columns)
            try writer.begin()
            var row = FileRow()
            for number in 0..<rows {
                fill(&row, number)
                try writer.row(row)
                // As an export does after each page.
                if number % 1000 == 999 { try put(writer.take(), file) }
            }
            try writer.finish()
            try put(writer.take(), file)
        }
    }

    private func fill(_ row: inout FileRow, _ number: Int) {
        row.removeAll()
        row.append(.number, String(number))
        row.append(.text, "Customer number \(number % 1000)")
        row.append(.number, "\(number % 10_000).5")
        row.append(.date, "2026-02-\(10 + number % 18)")
        row.append(.text, "A note, with a comma, of some length \(number)")
        row.append(.boolean, number % 2 == 0 ? "true" : "false")
    }

    private func put(_ bytes: [UInt8], _ file: Int32) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                Glibc.write(file, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw BenchmarkError("cannot write") }
            done += count
        }
    }

    private func read(_ format: FileFormat) throws -> Sample {
        try timed {
            var reader = try FileOptions(format).reader(try FileBytes(path(format.rawValue)))
            var row = FileRow()
            var count = 0
            while try reader.next(&row) { count += 1 }
            guard count == rows else { throw BenchmarkError("read \(count) rows") }
        }
    }

    private func timed(_ body: () throws -> Void) throws -> Sample {
        let clock = ContinuousClock()
        let time = try clock.measure(body)
        let milliseconds =
            Double(time.components.seconds) * 1000 + Double(time.components.attoseconds) / 1e15
        return Sample(
            rate: Double(rows) * 1000 / milliseconds, median: milliseconds, p99: milliseconds)
    }

    /// A table of the same rows.
    private func prepare() async throws {
        let sql = """
            create table t (number integer primary key, name text, price real, day text, note text,
                flag text);
            with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < \(rows))
            insert into t select i, 'Customer number ' || i % 1000, i % 10000 + 0.5,
                '2026-02-' || (10 + i % 18), 'A note, with a comma, of some length ' || i,
                iif(i % 2 = 0, 'true', 'false') from n;
            """
        let (code, output) = try await ChildProcess.run(
            "sqlite3", [folder + "/t.db", sql], within: .seconds(120))
        guard code == 0 else { throw BenchmarkError("sqlite3: \(output)") }
    }

    private func sqlite(_ mode: String) async throws -> Sample {
        let clock = ContinuousClock()
        let start = clock.now
        let (code, output) = try await ChildProcess.run(
            "sqlite3",
            [
                folder + "/t.db", ".headers on", ".mode \(mode)", ".once \(path("sqlite-" + mode))",
                "select * from t",
            ], within: .seconds(300))
        guard code == 0 else { throw BenchmarkError("sqlite3: \(output)") }
        let time = (clock.now - start).components
        let seconds = Double(time.seconds) + Double(time.attoseconds) / 1e18
        return Sample(rate: Double(rows) / seconds, median: seconds * 1000, p99: seconds * 1000)
    }

    private func python(_ source: String) async throws -> Sample {
        let program = folder + "/formats.py"
        try TestFile.write(source, to: program)
        let (code, output) = try await ChildProcess.run(
            "python3", [program, path("xlsx"), "\(rows)"], within: .seconds(600))
        guard code == 0, let seconds = Double(output.filter { !$0.isWhitespace }) else {
            throw BenchmarkError("python:\n\(output)")
        }
        return Sample(rate: Double(rows) / seconds, median: seconds * 1000, p99: seconds * 1000)
    }

    private static let writing = """
        import datetime, sys, time, xlsxwriter
        path, rows = sys.argv[1] + ".theirs", int(sys.argv[2])
        start = time.perf_counter()
        book = xlsxwriter.Workbook(path, {"constant_memory": True})
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for column, name in enumerate(["number", "name", "price", "day", "note", "flag"]):
            sheet.write_string(0, column, name)
        for i in range(rows):
            sheet.write_number(i + 1, 0, i)
            sheet.write_string(i + 1, 1, f"Customer number {i % 1000}")
            sheet.write_number(i + 1, 2, i % 10000 + 0.5)
            sheet.write_datetime(i + 1, 3, datetime.datetime(2026, 2, 10 + i % 18), day)
            sheet.write_string(i + 1, 4, f"A note, with a comma, of some length {i}")
            sheet.write_boolean(i + 1, 5, i % 2 == 0)
        book.close()
        print(time.perf_counter() - start)
        """

    private static let reading = """
        import sys, time, python_calamine
        start = time.perf_counter()
        count = len(python_calamine.load_workbook(sys.argv[1]).get_sheet_by_index(0).to_python())
        assert count == int(sys.argv[2]) + 1, count
        print(time.perf_counter() - start)
        """
}
