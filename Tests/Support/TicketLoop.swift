import HTTP
import JSON

/// The main job of the sample model, step by step: a mail becomes a ticket, a link is pressed, the
/// ticket is closed, and a mail tells so.
public struct TicketLoop: Sendable {
    public let train: Train
    public let api: APIClient
    public let world: any MailWorld
    public let subject: String
    public let address: String
    private let name: String

    /// `name` tells this ticket from others: letters and digits.
    public init(_ train: Train, _ api: APIClient, _ world: any MailWorld, name: String) {
        self.train = train
        self.api = api
        self.world = world
        self.name = name
        subject = "Printer \(name) is on fire"
        address = "\(name)@ok.test"
    }

    /// The mail that begins it.
    public var mail: String {
        [
            "From: Anna Nowak <\(address)>", "To: support@ok.test", "Subject: Re: \(subject)",
            "Message-ID: <\(name)@client.test>", "Date: Mon, 23 Nov 2026 10:00:00 +0000",
            "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=part", "",
            "--part", "Content-Type: text/plain; charset=utf-8", "", "It burns since ten.",
            "--part", "Content-Type: image/png",
            "Content-Disposition: attachment; filename=\"the fire.png\"",
            "Content-Transfer-Encoding: base64", "", "c21va2U=", "--part--", "",
        ].joined(separator: "\r\n")
    }

    /// What the mail has attached, as `the fire.png`.
    public let attachment = "smoke"

    public func deliver() throws { try world.deliver(mail, name: name) }

    /// The tickets that the mail made: one, if all is well.
    public func tickets() async throws -> [JSONValue] {
        let filter = "subject eq '\(subject)'".queryEncoded
        return try await api.get("/api/records/helpdesk/ticket?filter=\(filter)")["items"]?.array
            ?? []
    }

    /// Waits for the ticket; answers its id.
    public func ticket() async throws -> Int64 {
        try await train.waitFor("the ticket of \(name)") { try await !tickets().isEmpty }
        let all = try await tickets()
        guard all.count == 1, let id = all[0]["id"]?.integer else {
            throw Wrong("there are \(all.count) tickets of \(name)")
        }
        return id
    }

    /// Waits for the mail with the link; answers the link's path.
    public func link() async throws -> String {
        try await train.waitFor("the mail with the link of \(name)") { asked.count >= 1 }
        guard let link = asked.first?.link else { throw Wrong("no link in \(asked)") }
        return link
    }

    private var sent: [SentMail] { world.mails(to: address).map { SentMail($0) } }
    /// Mails that ask to press the link.
    public var asked: [SentMail] {
        sent.filter { $0.header("Subject")?.hasPrefix("Did you write to us?") == true }
    }
    /// Mails that tell that it is closed.
    public var told: [SentMail] {
        sent.filter { $0.header("Subject")?.hasPrefix("Closed:") == true }
    }

    /// Presses the link as a browser's form does.
    @discardableResult
    public func press(_ link: String) async throws -> APIClient.Answer {
        try await train.visitor.send(
            .post, link, body: [], type: "application/x-www-form-urlencoded")
    }

    /// Waits until the ticket is closed and the closing mail is out.
    public func closed(_ id: Int64) async throws {
        try await train.waitFor("ticket \(id) of \(name) to be closed") {
            try await api.get("/api/records/helpdesk/ticket/\(id)")["status"] == "closed"
        }
        try await train.waitFor("the closing mail of \(name)") { !told.isEmpty }
    }

    /// The instances that work on the ticket.
    public func instances(_ id: Int64) async throws -> [JSONValue] {
        try await api.get("/api/instances?record=helpdesk.ticket/\(id)")["items"]?.array ?? []
    }

    /// The audit's mails about the ticket, newest first.
    public func audit(_ id: Int64) async throws -> [JSONValue] {
        let record = "helpdesk.ticket/\(id)"
        return try await api.get("/api/mail/messages?record=\(record)")["items"]?.array ?? []
    }

    /// Something that must not be.
    public struct Wrong: Error, CustomStringConvertible {
        public let description: String
        public init(_ description: String) { self.description = description }
    }
}
