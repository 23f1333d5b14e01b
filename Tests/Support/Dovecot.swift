import Glibc

/// A real Dovecot on loopback ports: `imap` (with STARTTLS) and `imaps`, any user with the password
/// `secret` or any token, maildirs below `mail/<user>`. Started as root it works as `nobody`,
/// otherwise as the user that runs the test.
public final class Dovecot: Sendable {
    public let port: Int
    public let securePort: Int
    public let folder: TemporaryFolder
    private let process: ChildProcess

    /// A PEM file with the certificate of `localhost` and `127.0.0.1`, its own authority.
    public var certificate: String { folder.path + "/cert.pem" }
    /// The folder whose `<user>/` are the maildirs.
    public var mail: String { folder.path + "/mail" }

    public init() async throws {
        (port, securePort) = (FreePort.take(), FreePort.take())
        folder = TemporaryFolder()
        let path = folder.path
        chmod(path, 0o755)
        for name in ["run", "mail", "log"] { mkdir(path + "/" + name, 0o755) }
        let request = try await ChildProcess.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-keyout", path + "/key.pem", "-out", path + "/cert.pem",
                "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
            ])
        guard request.code == 0 else { throw Failure(output: request.output) }
        let user = Dovecot.user
        try TestFile.write(
            Dovecot.configuration(path, user: user, port: port, securePort: securePort),
            to: path + "/dovecot.conf")
        if getuid() == 0, let entry = getpwnam(user) {
            for name in ["", "/run", "/mail", "/log", "/key.pem", "/cert.pem"] {
                chown(path + name, entry.pointee.pw_uid, entry.pointee.pw_gid)
            }
        }
        // In the foreground, so that it ends with this object.
        let arguments = ["/usr/sbin/dovecot", "-F", "-c", path + "/dovecot.conf"]
        process =
            getuid() == 0
            ? try ChildProcess(
                "/usr/sbin/runuser", ["-u", user, "--"] + arguments, output: path + "/output")
            : try ChildProcess(arguments[0], Array(arguments[1...]), output: path + "/output")
        do {
            try await eventually("greeting of Dovecot") { LineClient.greets(port: port) }
        } catch {
            throw Failure(output: process.output)
        }
    }

    deinit {
        // The master ends its workers; SIGKILL of `runuser` alone would leave them.
        if let pid = TestFile.text(folder.path + "/run/master.pid").flatMap({
            pid_t($0.filter { $0.isNumber })
        }) {
            kill(pid, SIGTERM)
        }
        while !process.hasEnded { usleep(1000) }
    }

    /// The files of a user's mailbox, seen or not.
    public func names(_ user: String, _ mailbox: String = "INBOX") -> [String] {
        let box = "\(mail)/\(user)" + (mailbox == "INBOX" ? "" : "/.\(mailbox)")
        return TestFile.names(in: box + "/new") + TestFile.names(in: box + "/cur")
    }

    /// Dovecot did not start.
    public struct Failure: Error, CustomStringConvertible {
        public let output: String
        public var description: String { "Dovecot did not start: \(output)" }
    }

    /// Puts a mail into a user's folder by IMAP, as any mail program would; answers whether it was
    /// taken.
    public func append(_ message: String, to user: String, folder: String = "INBOX") -> Bool {
        guard let client = LineClient(port: port), client.line() != nil else { return false }
        client.send("a login \(user) secret\r\n")
        guard Dovecot.answer(client, "a ") else { return false }
        let bytes = Array(message.utf8)
        client.send("b append \(folder) {\(bytes.count)}\r\n")
        guard client.line()?.hasPrefix("+") == true else { return false }
        client.send(message + "\r\n")
        return Dovecot.answer(client, "b ")
    }

    /// Runs commands by IMAP as a user; answers all lines of the server.
    public func run(_ commands: [String], as user: String) -> [String] {
        guard let client = LineClient(port: port), client.line() != nil else { return [] }
        var lines: [String] = []
        for (index, command) in (["login \(user) secret"] + commands).enumerated() {
            client.send("c\(index) \(command)\r\n")
            while let line = client.line() {
                lines.append(line)
                if line.hasPrefix("c\(index) ") { break }
            }
        }
        return lines
    }

    private static func answer(_ client: LineClient, _ tag: String) -> Bool {
        while let line = client.line() {
            if line.hasPrefix(tag) { return line.hasPrefix(tag + "OK") }
        }
        return false
    }

    private static var user: String {
        if getuid() == 0 { return "nobody" }
        return getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "nobody"
    }

    private static var group: String {
        let id = getuid() == 0 ? getpwnam("nobody")?.pointee.pw_gid ?? 65534 : getgid()
        return getgrgid(id).map { String(cString: $0.pointee.gr_name) } ?? "nogroup"
    }

    private static func configuration(
        _ path: String, user: String, port: Int, securePort: Int
    ) -> String {
        """
        protocols = imap
        listen = 127.0.0.1
        base_dir = \(path)/run
        state_dir = \(path)/run
        log_path = \(path)/log/dovecot.log
        default_internal_user = \(user)
        default_internal_group = \(group)
        default_login_user = \(user)
        first_valid_uid = 1
        first_valid_gid = 1
        ssl = yes
        ssl_cert = <\(path)/cert.pem
        ssl_key = <\(path)/key.pem
        ssl_dh =
        disable_plaintext_auth = no
        auth_mechanisms = plain login oauthbearer xoauth2
        mail_location = maildir:\(path)/mail/%n
        mail_max_userip_connections = 1000
        passdb {
          driver = static
          args = password=secret
          mechanisms = plain login
        }
        passdb {
          driver = static
          args = nopassword
          mechanisms = oauthbearer xoauth2
        }
        userdb {
          driver = static
          args = uid=\(user) gid=\(group) home=\(path)/mail/%n
        }
        namespace inbox {
          inbox = yes
          separator = /
          mailbox Done {
            auto = create
          }
          mailbox Failed {
            auto = create
          }
        }
        service anvil {
          chroot =
        }
        service stats {
          chroot =
        }
        service imap-login {
          chroot =
          inet_listener imap {
            port = \(port)
          }
          inet_listener imaps {
            port = \(securePort)
            ssl = yes
          }
        }

        """
    }
}
