import HTTP
import JSON
import RPC
import ServiceRuntime

/// Steps that one lane took in memory, to be written in one transaction. They compute and no more:
/// where it is never written nothing has happened, and what comes after it is done when it is.
struct InstanceWalk: Sendable {
    /// One transition.
    struct Passage: Sendable {
        let input: StepInput
        /// What the step was given.
        let given: JSONValue?
        /// The visits that were open before.
        let visits: [InstanceSnapshot.Visit]
        let effects: [StepEffect]
        let time: Timestamp
    }

    /// As it stands after what was taken so far.
    private(set) var row: InstanceRow
    let version: DefinitionStore.Version
    let lane: Int64
    /// As it stood before.
    let origin: InstanceSnapshot
    private(set) var passages: [Passage] = []

    init(_ row: InstanceRow, _ version: DefinitionStore.Version, lane: Int64) {
        self.row = row
        self.version = version
        self.lane = lane
        origin = row.snapshot
    }

    var isEmpty: Bool { passages.isEmpty }

    /// The step whose turn it is; none where the lane stands or is over.
    var task: StepWork.Task? { StepWork.Task(row, version, lane: lane) }

    /// False where the input does not fit or its values are too large, and then nothing changes.
    mutating func take(_ input: StepInput, given: JSONValue? = nil, at time: Timestamp) -> Bool {
        let machine = StepMachine(definition: version.workflow)
        guard let (snapshot, effects) = machine.apply(input, to: row.snapshot),
            (try? InstanceStore.check(snapshot.values)) != nil
        else { return false }
        passages.append(
            Passage(
                input: input, given: given, visits: row.snapshot.visits, effects: effects,
                time: time))
        row.snapshot = snapshot
        if snapshot.state.isOver { row.ended = time }
        return true
    }
}

extension InstanceWalk {
    /// Of an instance that is not there yet: its id is 0, and its first step has been entered.
    init(_ start: InstanceStore.Start, at time: Timestamp) throws {
        try InstanceStore.check(start.values)
        self.init(InstanceRow(start, at: time), start.version, lane: 0)
        guard take(.begun, at: time) else { throw Problem.internalError }
    }
}
