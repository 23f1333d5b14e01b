import CLinux
import Glibc

/// A real OpenSSH server on a loopback port that serves files to the user of the test, by a key.
public final class SFTPServer: Sendable {
    public let port: Int
    public let folder: TemporaryFolder
    /// The private key that logs in, and the fingerprint of the host.
    public var key: String { folder.path + "/client" }
    public let hostKey: String
    /// What is served; as long as the tests run.
    public var files: String { folder.path + "/files" }
    public let user: String
    private let process: ChildProcess

    public init() async throws {
        port = FreePort.take()
        folder = TemporaryFolder()
        let path = folder.path
        mkdir(path + "/files", 0o755)
        mkdir("/run/sshd", 0o755)
        // Kinds that Debian's libssh2 and OpenSSH both still take.
        for (name, kind) in [("host", "ed25519"), ("client", "ecdsa")] {
            let made = try await ChildProcess.run(
                "ssh-keygen",
                ["-q", "-m", "PEM", "-t", kind, "-N", "", "-f", "\(path)/\(name)"])
            guard made.code == 0 else { throw Failure(output: made.output) }
        }
        let print = try await ChildProcess.run("ssh-keygen", ["-l", "-f", path + "/host.pub"])
        hostKey =
            print.output.split(separator: " ").first { $0.hasPrefix("SHA256:") }.map(
                String.init) ?? ""
        user = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
        try TestFile.write(
            """
            Port \(port)
            ListenAddress 127.0.0.1
            HostKey \(path)/host
            AuthorizedKeysFile \(path)/client.pub
            PidFile \(path)/pid
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin prohibit-password
            Subsystem sftp internal-sftp

            """, to: path + "/sshd_config")
        process = try ChildProcess(
            "/usr/sbin/sshd", ["-D", "-e", "-f", path + "/sshd_config"], output: path + "/output")
        let port = port
        try await eventually("greeting of sshd") { LineClient.greets(port: port) }
    }

    deinit { process.kill(SIGTERM) }

    public struct Failure: Error, CustomStringConvertible {
        public let output: String
        public var description: String { "sshd did not start: \(output)" }
    }
}

/// Servers in Python: moto for the API of S3, pyftpdlib for FTP with TLS.
public final class PythonFileServer: Sendable {
    public enum Kind: Sendable { case s3, ftps }

    public let port: Int
    public let folder: TemporaryFolder
    public var files: String { folder.path + "/files" }
    /// The certificate of `localhost`, its own authority.
    public var certificate: String { folder.path + "/cert.pem" }
    private let process: ChildProcess

    private static let python = TestFile.repository + "/.build-files/bin/python"

    public init(_ kind: Kind) async throws {
        port = FreePort.take()
        folder = TemporaryFolder()
        let path = folder.path
        mkdir(path + "/files", 0o755)
        switch kind {
        case .s3:
            process = try ChildProcess(
                PythonFileServer.python,
                ["-m", "moto.server", "-H", "127.0.0.1", "-p", "\(port)"], output: path + "/output")
            let port = port
            try await eventually("moto", within: .seconds(60)) {
                LineClient(port: port) != nil
            }
        case .ftps:
            _ = try await ChildProcess.run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-keyout", path + "/key.pem", "-out",
                    path + "/cert.pem", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1",
                ])
            try TestFile.write(
                (TestFile.text(path + "/key.pem") ?? "")
                    + (TestFile.text(path + "/cert.pem") ?? ""),
                to: path + "/both.pem")
            try TestFile.write(PythonFileServer.ftps, to: path + "/ftps.py")
            process = try ChildProcess(
                PythonFileServer.python,
                [path + "/ftps.py", "\(port)", path + "/both.pem", path + "/files"],
                output: path + "/output")
            let port = port
            try await eventually("greeting of FTP", within: .seconds(60)) {
                LineClient.greets(port: port)
            }
        }
    }

    deinit { process.kill(SIGKILL) }

    private static let ftps = """
        import sys
        from pyftpdlib.authorizers import DummyAuthorizer
        from pyftpdlib.handlers import TLS_FTPHandler
        from pyftpdlib.servers import FTPServer

        authorizer = DummyAuthorizer()
        authorizer.add_user("anna", "secret", sys.argv[3], perm="elradfmwMT")
        handler = TLS_FTPHandler
        handler.certfile = sys.argv[2]
        handler.authorizer = authorizer
        handler.tls_control_required = True
        handler.tls_data_required = True
        FTPServer(("127.0.0.1", int(sys.argv[1])), handler).serve_forever()
        """
}
