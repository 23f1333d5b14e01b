import Contracts
import Database
import HTTP
import JSON
import ServiceRuntime

extension ServiceCommand {
    /// `verify`: walks the whole chain of the history, the service running or not. Exit code 0
    /// where it is intact, 1 where it is not.
    public static let verifyHistory = ServiceCommand(
        "verify", usage: "verify [--head <head>]",
        help: "verifies the history in GEARTRAIN_DATA, or of RECORDS_DATABASE; exit code 1 at the"
            + " first place that is not as it was. Keep the head that it prints: with --head a"
            + " later run finds it again."
    ) { reader, arguments in
        let data = reader.string("GEARTRAIN_DATA", default: "./data", help: "folder for all data")
        let place = DatabaseConfiguration(reading: reader, service: "records", data: data)
        let keys = HistoryKeys(reading: reader)
        try reader.finish()
        var call = VerifyHistory()
        if arguments.count == 2, arguments[0] == "--head" {
            call.head = arguments[1]
        } else if !arguments.isEmpty {
            throw WrongArguments(what: "the only argument is --head <head>")
        }
        // Opening would make one.
        guard place.isShared || Files.exists(place.location) else {
            throw WrongArguments(what: "there is no \(place.location)")
        }
        let runtime = Runtime(loops: try EventLoopGroup(count: 1), log: Log(service: "records"))
        let database = try await Database.open(place, runtime: runtime)
        let file = HistoryHeadFile(data: data)
        var sum = HistoryVerification()
        repeat {
            let part: HistoryVerification
            do {
                part = try await HistoryVerifier.run(
                    call, keys: keys, file: file, database: database, clock: runtime.clock)
            } catch let error as RecordsError {
                let problem = error.problem
                throw WrongArguments(
                    what: problem.errors.first?.detail ?? problem.detail ?? problem.title)
            }
            sum.add(part)
            call.from = part.next
        } while call.from != nil
        await database.close()
        return (sum.text, sum.fault == nil ? 0 : 1)
    }

    private struct WrongArguments: Error, CustomStringConvertible {
        let what: String
        var description: String { what }
    }
}

extension HistoryVerification {
    fileprivate mutating func add(_ part: HistoryVerification) {
        seals += part.seals
        entries += part.entries
        head = part.head ?? head
        unsealed = part.unsealed
        fault = part.fault
    }

    /// For a person.
    fileprivate var text: String {
        var text = "\(entries) entries under \(seals) seals are as they were sealed"
        if let fault {
            text += "\nBROKEN (\(fault.code)): \(fault.detail)"
            if let record = fault.record { text += " It is about record \(record)." }
        } else if let unsealed, unsealed > 0 {
            text += "; \(unsealed) newer ones are not sealed yet"
        }
        return text + "\nhead \(head ?? "none")\n"
    }
}
