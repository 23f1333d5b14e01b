import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Asks Workflow what the rules before a save say, where a class has any.
extension RecordStore {
    /// Records of one question, and their bytes.
    static let questionLimit = 1000
    static let questionBytesLimit = 8 << 20
    /// How long rules may take.
    static let ruleTimeout = Duration.seconds(30)

    func rulings(
        _ intents: Intents, _ type: FullCode, _ context: CallContext, _ snapshot: ModelSnapshot,
        isLast: Bool
    ) async throws -> Rulings {
        var rulings = Rulings(
            generation: snapshot.generation, isLast: isLast,
            isWithoutRules: intents.isWithoutRules)
        // Who may not even know the class is told so by the write.
        guard !intents.isWithoutRules, snapshot.hasBeforeRules(type),
            let access = try? snapshot.access(type, context)
        else { return rulings }
        var subjects = try await subjects(intents, access, snapshot, context)[...]
        while let first = subjects.first {
            var question: [(item: Int, subject: RuleSubject)] = []
            var bytes = 0
            while let one = subjects.first, one.subject.type == first.subject.type,
                question.count < RecordStore.questionLimit
            {
                bytes += one.subject.record.bytes.count + one.subject.previous.bytes.count
                if bytes > RecordStore.questionBytesLimit, !question.isEmpty { break }
                question.append(one)
                subjects.removeFirst()
            }
            let results = try await ask(question.map(\.subject), context, snapshot)
            for (one, result) in zip(question, results) {
                rulings.byItem[one.item] = Rulings.Ruling(subject: one.subject, result: result)
            }
        }
        return rulings
    }

    /// The records that rules wait for, by their place in the call.
    private func subjects(
        _ intents: Intents, _ access: ClassAccess, _ snapshot: ModelSnapshot,
        _ context: CallContext
    ) async throws -> [(item: Int, subject: RuleSubject)] {
        let now = runtime.clock.now()
        do {
            return try await database.read { [runtime] connection in
                var writer = RecordWriter(
                    connection: connection, access: access, snapshot: snapshot, context: context,
                    now: now, random: runtime.random)
                writer.files = intents.files
                guard let items = try? intents.items(writer) else { return [] }
                return try items.enumerated().compactMap { index, intent in
                    try writer.subject(of: intent).map { (item: index, subject: $0) }
                }
            }
        } catch DatabaseError.failed(let code, _, _) where code & 0xff == 1 {
            // The tables are not those of these definitions any more.
            throw StaleRuling()
        }
    }

    /// All of one class.
    func ask(
        _ subjects: [RuleSubject], _ context: CallContext, _ snapshot: ModelSnapshot
    ) async throws -> [BeforeRulesRun.Result] {
        guard let type = subjects.first?.type else { return [] }
        var models: [String: Int64] = [:]
        for moment in Set(subjects.map(\.moment)) {
            models.merge(snapshot.ruleModels(for: type, moment)) { first, _ in first }
        }
        let call = RunBeforeRules(
            types: snapshot.lineage(of: type), models: models,
            items: subjects.map {
                RunBeforeRules.Item(moment: $0.moment, record: $0.record, previous: $0.previous)
            })
        var context = context
        context.idempotencyKey = nil
        context.timeout = min(context.timeout ?? RecordStore.ruleTimeout, RecordStore.ruleTimeout)
        do {
            let results = try await peers["workflow"].call(call, as: context).results
            guard results.count == subjects.count else { throw RecordStore.noRules(1) }
            return results
        } catch let problem as Problem where problem.status >= 500 {
            throw RecordStore.noRules(problem.retryAfter ?? 1)
        }
    }

    private static func noRules(_ retryAfter: Int) -> Problem {
        Problem.unavailable(
            "The rules of this class cannot be run now. Nothing was changed; try again.",
            retryAfter: retryAfter)
    }
}

/// Arrays that name a record twice, where rules run before its save: the later item is about the
/// record as the earlier one leaves it, so that it has its turn after it. Where all or none is to
/// be written there are no turns, and it is refused.
extension RecordStore {
    func turns(of items: [JSONValue], _ call: CreateRecord) throws -> [Range<Int>] {
        guard let codes = call.upsert, call.rules != false,
            models.current.hasBeforeRules(call.type)
        else { return [] }
        var turns: [Range<Int>] = []
        var faults: [FieldProblem] = []
        var start = 0
        var seen: Set<String> = []
        for (index, item) in items.enumerated() {
            let values = codes.map { item[$0] ?? .null }
            guard !values.contains(.null) else { continue }
            let key = values.map(\.text).joined(separator: "\n")
            if seen.contains(key) {
                faults.append(
                    FieldProblem(
                        pointer: "/\(index)/\(codes.first ?? "")", code: "repeated",
                        detail: "An earlier item is about the same record, and rules see each "
                            + "once: send this one after it, or without atomic."))
                turns.append(start..<index)
                start = index
                seen = []
            }
            seen.insert(key)
        }
        guard call.atomic == true else { return turns + [start..<items.count] }
        if !faults.isEmpty { throw RecordsError.validation(faults) }
        return []
    }

    /// Each turn is a call with a key of its own, so that a repeated call does none of them twice.
    func create(
        _ call: CreateRecord, _ items: [JSONValue], in turns: [Range<Int>],
        _ context: CallContext
    ) async throws -> JSONBytes {
        var results: [JSONValue] = []
        for (number, turn) in turns.enumerated() {
            var part = call
            part.body = JSONBytes(JSONValue.array(Array(items[turn])).bytes)
            var own = context
            own.idempotencyKey = context.idempotencyKey.map { "\($0)#\(number)" }
            do {
                let answer = try await create(part, own)
                results += try JSONValue(parsing: answer.bytes)["results"]?.array ?? []
            } catch let error as any ProblemConvertible where number > 0 {
                // What was written before stands, and the caller must learn of it.
                let problem = JSONValue.object(JSONObject([("problem", error.problem.member)]))
                results += Array(repeating: problem, count: items.count - turn.lowerBound)
                break
            }
        }
        return JSONBytes(
            JSONValue.object(JSONObject([("results", .array(results))])).bytes)
    }
}
