import Glibc

/// A real Dovecot on a loopback port (IMAP without TLS, any user with the password `secret`), serving the maildirs
/// below `mail`. Needs root.
public final class Dovecot: Sendable {
    public let port: Int
    private let folder: TemporaryFolder
    private let process: ChildProcess

    /// Starts it and waits for its greeting.
    public init() async throws {
        port = FreePort.take()
        folder = TemporaryFolder()
        let path = folder.path
        chmod(path, 0o755)
        let nobody = getpwnam("nobody")?.pointee
        for name in ["run", "mail", "log"] {
            mkdir(path + "/" + name, 0o755)
            chown(path + "/" + name, nobody?.pw_uid ?? 65534, nobody?.pw_gid ?? 65534)
        }
        try TestFile.write(Dovecot.configuration(path, port: port), to: path + "/dovecot.conf")
        process = try ChildProcess(
            "runuser",
            ["-u", "nobody", "--", "/usr/sbin/dovecot", "-F", "-c", path + "/dovecot.conf"],
            output: path + "/output")
        let port = port
        try await eventually("greeting of Dovecot") { LineClient.greets(port: port) }
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

    /// The folder with a maildir for each user.
    public var mail: String { folder.path + "/mail" }

    /// The files of a user's mailbox, seen or not.
    public func names(_ user: String, _ mailbox: String = "INBOX") -> [String] {
        let box = "\(mail)/\(user)" + (mailbox == "INBOX" ? "" : "/.\(mailbox)")
        return TestFile.names(in: box + "/new") + TestFile.names(in: box + "/cur")
    }

    private static func configuration(_ path: String, port: Int) -> String {
        """
        protocols = imap
        listen = 127.0.0.1
        base_dir = \(path)/run
        state_dir = \(path)/run
        log_path = \(path)/log/dovecot.log
        default_internal_user = nobody
        default_internal_group = nogroup
        default_login_user = nobody
        first_valid_uid = 1
        first_valid_gid = 1
        ssl = no
        disable_plaintext_auth = no
        auth_mechanisms = plain login
        mail_location = maildir:\(path)/mail/%n
        passdb {
          driver = static
          args = password=secret
        }
        userdb {
          driver = static
          args = uid=nobody gid=nogroup home=\(path)/mail/%n
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
        service imap-login {
          chroot =
          inet_listener imap {
            port = \(port)
          }
        }
        service stats {
          chroot =
        }

        """
    }
}
