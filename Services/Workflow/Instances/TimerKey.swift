/// The key of a timer: of a step's time limit, or of the reminder before it.
struct TimerKey {
    let instance: Int64
    let visit: Int64
    let isReminder: Bool

    init(_ instance: Int64, _ visit: Int64, isReminder: Bool = false) {
        self.instance = instance
        self.visit = visit
        self.isReminder = isReminder
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/")
        guard parts.count >= 2, let instance = Int64(parts[0]), let visit = Int64(parts[1]) else {
            return nil
        }
        self.init(instance, visit, isReminder: parts.count == 3)
    }

    var text: String { "\(instance)/\(visit)" + (isReminder ? "/remind" : "") }
}

/// The key of an instance's turn: lanes other than the first are worked on side by side.
struct TurnKey {
    let instance: Int64
    let lane: Int64

    init(_ instance: Int64, lane: Int64) {
        self.instance = instance
        self.lane = lane
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/")
        guard let first = parts.first, let instance = Int64(first) else { return nil }
        guard parts.count == 2 else {
            self.init(instance, lane: 0)
            return
        }
        guard let lane = Int64(parts[1]) else { return nil }
        self.init(instance, lane: lane)
    }

    var text: String { lane == 0 ? String(instance) : "\(instance)/\(lane)" }
}
