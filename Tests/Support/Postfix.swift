import Glibc

/// A real Postfix on a loopback port. Mail to any address at `ok.test` is delivered into a maildir
/// under `mail/`; some local parts are refused (`perm@` for good, `temp@` for now). Needs root.
public final class Postfix: Sendable {
    public let port: Int
    public let folder: TemporaryFolder
    /// The folder with the maildirs `support` and, for all other addresses, `others`.
    public let mail: String

    /// Starts it and waits for its greeting. `deliverTo`: the folder whose `<user>/` are the
    /// maildirs. `relay`: the port that everything goes on to instead, with a copy for `copyTo`.
    public init(
        deliverTo: String? = nil, owner: String = "nobody", relay: Int? = nil, copyTo: String = ""
    ) async throws {
        port = FreePort.take()
        folder = TemporaryFolder()
        let path = folder.path
        mail = deliverTo ?? path + "/mail"
        chmod(path, 0o755)
        for name in ["conf", "spool", "data", "mail", "log"] { mkdir(path + "/" + name, 0o755) }
        try TestFile.write(
            Postfix.main(path, mail: mail, user: Postfix.identity(of: owner))
                + Postfix.relaying(relay, copyTo: copyTo),
            to: path + "/conf/main.cf")
        try TestFile.write(Postfix.master(port: port), to: path + "/conf/master.cf")
        if let postfix = getpwnam("postfix") {
            chown(path + "/data", postfix.pointee.pw_uid, 0)
        }
        let identity = Postfix.identity(of: owner)
        chown(path + "/mail", identity.user, identity.group)
        let start = try await ChildProcess.run(
            "/usr/sbin/postfix", ["-c", path + "/conf", "start"])
        guard start.code == 0 else { throw Failure(output: start.output) }
        let port = port
        try await eventually("greeting of Postfix") { LineClient.greets(port: port) }
    }

    deinit {
        // `stop` answers only when the master has gone.
        let path = folder.path
        if let pid = TestFile.text(path + "/spool/pid/master.pid").flatMap({
            pid_t($0.filter { $0.isNumber })
        }) {
            kill(pid, SIGTERM)
        }
    }

    /// The mails delivered to an address so far, as texts, in the order of their names.
    public func mails(to address: String) -> [String] {
        let new = mail + (address == "support@ok.test" ? "/support/new" : "/others/new")
        return TestFile.names(in: new).compactMap { TestFile.text(new + "/" + $0) }.filter {
            SentMail($0).header("X-Original-To") == address
        }
    }

    /// How many mails it has not handed on yet.
    public var queued: Int {
        ["maildrop", "incoming", "active", "deferred"].reduce(0) {
            $0 + TestFile.names(in: "\(folder.path)/spool/\($1)").count
        }
    }

    /// Later lines win.
    private static func relaying(_ port: Int?, copyTo: String) -> String {
        guard let port else { return "" }
        return """
            default_transport = smtp
            relayhost = [127.0.0.1]:\(port)
            virtual_mailbox_domains =
            always_bcc = \(copyTo)
            smtpd_recipient_restrictions = permit_mynetworks, reject

            """
    }

    /// Postfix did not start.
    public struct Failure: Error, CustomStringConvertible {
        public let output: String
        public var description: String { "Postfix did not start: \(output)" }
    }

    private static func identity(of name: String) -> (user: uid_t, group: gid_t) {
        guard let entry = getpwnam(name) else { return (65534, 65534) }
        return (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    private static func main(
        _ path: String, mail: String, user: (user: uid_t, group: gid_t)
    ) -> String {
        """
        compatibility_level = 3.6
        queue_directory = \(path)/spool
        data_directory = \(path)/data
        config_directory = \(path)/conf
        maillog_file = \(path)/log/mail.log
        maillog_file_prefixes = \(path)
        inet_interfaces = 127.0.0.1
        inet_protocols = ipv4
        myhostname = geartrain.test
        mydestination =
        mynetworks = 127.0.0.0/8
        virtual_mailbox_domains = ok.test
        virtual_mailbox_base = \(mail)
        virtual_mailbox_maps = inline:{ {support@ok.test = support/} }, static:others/
        virtual_uid_maps = static:\(user.user)
        virtual_gid_maps = static:\(user.group)
        virtual_minimum_uid = 1
        default_transport = error:5.1.2 no route in this test
        alias_maps =
        alias_database =
        smtpd_recipient_restrictions = check_recipient_access inline:{ {perm@ok.test = 550 5.1.1 \
        no such user} {temp@ok.test = 451 4.3.0 try later} }, permit_mynetworks, reject
        smtpd_error_sleep_time = 0

        """
    }

    private static func master(port: Int) -> String {
        """
        127.0.0.1:\(port) inet n - n - - smtpd
        pickup    unix  n       -       n       60      1       pickup
        cleanup   unix  n       -       n       -       0       cleanup
        qmgr      unix  n       -       n       300     1       qmgr
        rewrite   unix  -       -       n       -       -       trivial-rewrite
        bounce    unix  -       -       n       -       0       bounce
        defer     unix  -       -       n       -       0       bounce
        trace     unix  -       -       n       -       0       bounce
        verify    unix  -       -       n       -       1       verify
        flush     unix  n       -       n       1000?   0       flush
        error     unix  -       -       n       -       -       error
        retry     unix  -       -       n       -       -       error
        virtual   unix  -       n       n       -       -       virtual
        anvil     unix  -       -       n       -       1       anvil
        proxymap  unix  -       -       n       -       -       proxymap
        tlsmgr    unix  -       -       n       1000?   1       tlsmgr
        smtp      unix  -       -       n       -       -       smtp
        postlog   unix-dgram n  -       n       -       1       postlogd

        """
    }
}
