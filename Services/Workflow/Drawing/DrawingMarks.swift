import Database

/// How an instance has fared at each step.
struct DrawingMarks: Sendable {
    enum State: Int, Sendable, Comparable {
        case skipped, done, here, failed

        static func < (a: State, b: State) -> Bool { a.rawValue < b.rawValue }
    }

    struct Mark: Sendable {
        var state: State
        /// How often the step was entered.
        var visits: Int
    }

    var marks: [String: Mark]
    /// Of the instance.
    var state: String
    var id: Int64
}

extension DrawingMarks {
    init(of row: InstanceRow, _ connection: Connection) throws {
        self.init(marks: [:], state: row.snapshot.state.rawValue, id: row.id)
        let counts = try connection.query(
            "select step, state, count(*) from step where instance = ? group by step, state",
            [.integer(row.id)]
        ) { (step: $0.text(0), state: $0.text(1), count: Int($0.integer(2))) }
        for count in counts {
            let state: State =
                switch count.state {
                case "done": .done
                case "skipped": .skipped
                case "failed": .failed
                default: .here
                }
            let known = marks[count.step]
            marks[count.step] = Mark(
                state: max(known?.state ?? state, state),
                visits: (known?.visits ?? 0) + count.count)
        }
    }
}
