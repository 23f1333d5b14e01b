import Glibc

/// Postfix's `smtp-sink` on a loopback port: takes every mail and keeps each in a file of its own.
public final class SMTPSink: Sendable {
    public let port: Int
    public let folder: TemporaryFolder
    private let process: ChildProcess

    /// `options`: further ones of smtp-sink, such as `-f RCPT`.
    public init(options: [String] = []) async throws {
        port = FreePort.take()
        folder = TemporaryFolder()
        let path = folder.path
        chmod(path, 0o777)
        var arguments = options
        if getuid() == 0 { arguments += ["-u", "nobody"] }
        // A file for each mail; its name begins with the time.
        arguments += ["-d", path + "/mail-%s.", "127.0.0.1:\(port)", "100"]
        process = try ChildProcess("/usr/sbin/smtp-sink", arguments, output: path + "/output")
        try await eventually("greeting of smtp-sink") { LineClient.greets(port: port) }
    }

    /// The mails taken so far, each with the lines of its envelope in front, as smtp-sink writes
    /// them.
    public var mails: [String] {
        TestFile.names(in: folder.path).filter { $0.hasPrefix("mail-") }.compactMap {
            TestFile.text(folder.path + "/" + $0)
        }
    }
}
