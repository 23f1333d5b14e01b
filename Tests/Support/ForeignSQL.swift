/// The `sqlite3` program at work on a database that a service has open.
public enum ForeignSQL {
    /// Runs the statements in one process, one every 20 ms or so, as a program with a busy timeout
    /// of five seconds; answers how long each took in milliseconds. The first that fails throws.
    public static func run(
        _ statements: [String], on database: String, within limit: Duration = .seconds(60)
    ) async throws -> [Double] {
        let folder = TemporaryFolder()
        let script = folder.path + "/script.sql"
        let lines = statements.map { $0 + ";\n.shell sleep 0.02\n" }
        try TestFile.write(
            ".bail on\n.timeout 5000\n.timer on\n" + lines.joined(), to: script)
        let (code, output) = try await ChildProcess.run(
            "sqlite3", [database, ".read \(script)"], within: limit)
        let times = output.split(separator: "\n").compactMap { line -> Double? in
            guard line.hasPrefix("Run Time: real ") else { return nil }
            return line.split(separator: " ").dropFirst(3).first.flatMap { Double($0) }
        }
        guard code == 0, times.count == statements.count else {
            throw ForeignFailure(output: output)
        }
        return times.map { $0 * 1000 }
    }
}

/// What the `sqlite3` program said when a statement failed.
public struct ForeignFailure: Error, CustomStringConvertible {
    public let output: String
    public init(output: String) { self.output = output }
    public var description: String { "another program's statement failed:\n\(output)" }
}
