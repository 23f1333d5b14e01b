/// A moment at which a loop calls back, moved as often as needed. Confined to its loop.
package final class LoopTimer {
    /// When it is to fire; `.max` is never.
    package fileprivate(set) var due: UInt64 = .max
    /// Where it stands in the heap: at or before `due`.
    fileprivate var key: UInt64 = .max
    fileprivate var position = -1
    let fire: () -> Void

    package init(_ fire: @escaping () -> Void) { self.fire = fire }
}

/// A binary heap of timers. A timer that moves later stays where it is until its old moment comes.
struct TimerHeap {
    private var timers: [LoopTimer] = []

    mutating func set(_ timer: LoopTimer, at due: UInt64) {
        timer.due = due
        if timer.position < 0 {
            guard due != .max else { return }
            timer.key = due
            timer.position = timers.count
            timers.append(timer)
            rise(timer.position)
        } else if due < timer.key {
            timer.key = due
            rise(timer.position)
        }
    }

    mutating func remove(_ timer: LoopTimer) {
        timer.due = .max
        let position = timer.position
        guard position >= 0 else { return }
        timer.position = -1
        let last = timers.removeLast()
        guard last !== timer else { return }
        timers[position] = last
        last.position = position
        sink(position)
        rise(last.position)
    }

    /// How long epoll may wait; -1 is for ever.
    func milliseconds(from now: UInt64) -> Int32 {
        guard let first = timers.first else { return -1 }
        guard first.key > now else { return 0 }
        return Int32(min((first.key - now + 999_999) / 1_000_000, 1 << 30))
    }

    /// Takes out the next timer that is due; nil where none is.
    mutating func takeDue(at now: UInt64) -> LoopTimer? {
        while let first = timers.first, first.key <= now {
            let due = first.due
            remove(first)
            guard due > now else { return first }
            set(first, at: due)
        }
        return nil
    }

    private mutating func rise(_ start: Int) {
        var position = start
        while position > 0 {
            let parent = (position - 1) / 2
            guard timers[position].key < timers[parent].key else { return }
            exchange(position, parent)
            position = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var position = start
        while true {
            var least = position
            for child in [2 * position + 1, 2 * position + 2]
            where child < timers.count && timers[child].key < timers[least].key { least = child }
            guard least != position else { return }
            exchange(position, least)
            position = least
        }
    }

    private mutating func exchange(_ a: Int, _ b: Int) {
        timers.swapAt(a, b)
        timers[a].position = a
        timers[b].position = b
    }
}
