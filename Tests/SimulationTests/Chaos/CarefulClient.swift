import HTTP
import JSON
import Synchronization
import TestSupport

/// What happened, with its time; printed as it comes.
final class ChaosLog: Sendable {
    private let start = ContinuousClock.now
    private let kept = Mutex<[String]>([])

    func add(_ text: String) {
        let seconds =
            Double((ContinuousClock.now - start).components.seconds)
            + Double((ContinuousClock.now - start).components.attoseconds) / 1e18
        let line = "\(Double(Int(seconds * 10)) / 10) s: \(text)"
        kept.withLock { $0.append(line) }
        print(line)
    }

    var lines: [String] { kept.withLock { $0 } }
}

/// Set once.
final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

/// A program at the door that says each thing again until somebody answers, each write under a key
/// of its own.
struct CarefulClient: Sendable {
    let api: APIClient
    let log: ChaosLog
    /// Answers that no client can do anything with.
    let wrong: Wrongs
    /// How often a thing is said at most.
    var attemptLimit = Int.max
    /// Answers after which it is said once more.
    var passing: Set<Int> = [408, 429, 500, 502, 503, 504]

    final class Wrongs: Sendable {
        private let kept = Mutex<[String]>([])
        private let again = Atomic(0)
        func add(_ text: String) { kept.withLock { $0.append(text) } }
        var all: [String] { kept.withLock { $0 } }
        func repeated() { again.add(1, ordering: .relaxed) }
        /// How often something was said once more.
        var repeats: Int { again.load(ordering: .relaxed) }
    }

    /// Nobody answered as often as it was said.
    struct GivenUp: Error, CustomStringConvertible {
        let description: String
    }

    /// The first answer that is none of a part of the platform that is away.
    func insist(
        _ method: HTTP.Method, _ path: String, body: [UInt8]? = nil,
        type: String = "application/json", headers: Headers = [:]
    ) async throws -> APIClient.Answer {
        var attempt = 0
        while true {
            attempt += 1
            let heard: String
            do {
                let answer = try await api.send(
                    method, path, body: body, type: type, headers: headers)
                if !passes(answer) { return answer }
                if answer.status == 500 { wrong.add("\(method.rawValue) \(path): \(answer)") }
                heard = "\(answer)"
            } catch {
                heard = "\(error)"
            }
            wrong.repeated()
            guard attempt < attemptLimit else {
                throw GivenUp(description: "\(method.rawValue) \(path): \(heard)")
            }
            try await Task.sleep(for: .milliseconds(min(50 << min(attempt, 4), 500)))
        }
    }

    /// As `insist`, where only `status` is right; nil where another came, which is noted.
    func expect(
        _ status: Int, _ method: HTTP.Method, _ path: String, json: JSONValue? = nil,
        headers: Headers = [:]
    ) async throws -> APIClient.Answer? {
        let answer = try await insist(method, path, body: json?.bytes, headers: headers)
        guard answer.status == status else {
            wrong.add("\(method.rawValue) \(path): \(answer)")
            return nil
        }
        return answer
    }

    private func passes(_ answer: APIClient.Answer) -> Bool {
        passing.contains(answer.status)
            || answer.status == 409
                && answer.text.contains("/problems/idempotency-key-in-use")
    }
}

/// Makes customers and changes them, and keeps what was acknowledged.
struct Clerk: Sendable {
    /// A customer as it was acknowledged last.
    struct Customer: Sendable {
        let id: Int64
        var version: Int64
        var name: String
    }

    static let path = "/api/records/helpdesk/customer"
    let client: CarefulClient
    let number: Int
    let seed: UInt64
    /// Between two writes.
    let pause: Duration

    func run(until isOver: Flag) async throws -> [Customer] {
        var random = TestRandom(seed: seed)
        var customers: [Customer] = []
        var count = 0
        while !isOver.isSet {
            count += 1
            let name = "clerk \(number) write \(count)"
            let key: Headers = ["Idempotency-Key": "chaos-\(seed)-\(number)-\(count)"]
            if customers.count < 3 || Int.random(in: 0..<3, using: &random) == 0 {
                if let made = try await create(name, key) { customers.append(made) }
            } else {
                let place = Int.random(in: customers.indices, using: &random)
                try await change(&customers[place], name)
            }
            try await Task.sleep(for: pause)
        }
        return customers
    }

    private func create(_ name: String, _ headers: Headers) async throws -> Customer? {
        guard
            let answer = try await client.expect(
                201, .post, Clerk.path, json: ["name": .string(name)], headers: headers),
            let id = try answer.json["id"]?.integer
        else { return nil }
        return Customer(id: id, version: 1, name: name)
    }

    /// A change has no key. Where it was said twice, and is refused since the record has another
    /// version, the record tells whether the first was done.
    private func change(_ customer: inout Customer, _ name: String) async throws {
        let path = "\(Clerk.path)/\(customer.id)"
        let answer = try await client.insist(
            .patch, path, body: (["name": .string(name)] as JSONValue).bytes,
            headers: ["If-Match": "\"\(customer.version)\""])
        if answer.status == 412 {
            let record = try await client.expect(200, .get, path)?.json
            guard record?["name"]?.string == name,
                record?["version"]?.integer == customer.version + 1
            else { return client.wrong.add("\(customer): \(answer)") }
        } else if answer.status != 200 {
            return client.wrong.add("PATCH \(path): \(answer)")
        }
        customer.version += 1
        customer.name = name
    }

    /// Each stands as it was acknowledged, with one entry in its history for each write.
    static func faults(_ customers: [Customer], _ api: APIClient) async throws -> [String] {
        var faults: [String] = []
        for customer in customers {
            let path = "\(path)/\(customer.id)"
            let record = try await api.get(path)
            let entries = try await api.get(path + "/history?limit=1000")["items"]?.array ?? []
            let versions = entries.compactMap { $0["version"]?.integer }
            guard record["name"]?.string == customer.name,
                record["version"]?.integer == customer.version,
                versions == Array(1...customer.version)
            else {
                faults.append("\(customer): \(record), \(entries.count) entries")
                continue
            }
        }
        let count = try await api.get(Clerk.path + "?count=true&limit=1")["count"]?.integer
        if count != Int64(customers.count) {
            faults.append("\(customers.count) were acknowledged, \(count ?? 0) are there")
        }
        return faults
    }
}

/// Sends mails and presses the links that are sent back.
struct Sender: Sendable {
    let client: CarefulClient
    let train: Train
    let pause: Duration

    func loop(_ number: Int) -> TicketLoop {
        TicketLoop(train, client.api, FolderMail(train), name: "chaos\(number)x")
    }

    /// Answers how many mails it sent; each is closed then.
    func run(until isOver: Flag) async throws -> Int {
        var count = 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            while !isOver.isSet {
                count += 1
                let loop = loop(count)
                group.addTask { try await follow(loop) }
                try await Task.sleep(for: pause)
            }
            try await group.waitForAll()
        }
        return count
    }

    private func follow(_ loop: TicketLoop) async throws {
        try loop.deliver()
        try await slowly("the mail with the link to \(loop.address)") { loop.asked.first != nil }
        guard let link = loop.asked.first?.link else { return client.wrong.add("no link") }
        let pressed = try await client.insist(
            .post, link, body: [], type: "application/x-www-form-urlencoded")
        if pressed.status != 303 { client.wrong.add("POST \(link): \(pressed)") }
        try await slowly("the closing mail to \(loop.address)") { !loop.told.isEmpty }
    }

    /// The folder is read whole at each look: seldom.
    private func slowly(_ what: String, _ condition: () -> Bool) async throws {
        let end = ContinuousClock.now + Chaos.patience
        while !condition() {
            guard ContinuousClock.now < end else { throw NotInTime(what: what) }
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    /// One ticket, one mail that asks and one that tells, for each that was sent.
    func faults(_ count: Int) async throws -> [String] {
        var faults: [String] = []
        for number in 0..<count {
            let loop = loop(number + 1)
            let tickets = try await loop.tickets()
            let (asked, told) = (loop.asked.count, loop.told.count)
            guard tickets.count == 1, tickets[0]["status"] == "closed", asked == 1, told == 1 else {
                faults.append(
                    "\(loop.address): \(tickets.count) tickets, \(asked) and \(told) mails")
                continue
            }
        }
        return faults
    }
}
