import Glibc
import ServiceRuntime

/// A bounded queue between tasks, which never wait, and the threads of a database, which do.
final class ThreadQueue<Element>: @unchecked Sendable {
    enum Refusal { case full, closed }

    // On the heap: a pthread object must not move, and a stored property under `&` is exclusive
    // access.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let limit: Int
    private var elements: [Element] = []
    private var isClosed = false

    init(limit: Int) {
        self.limit = limit
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Nil where the element was taken.
    func push(_ element: Element) -> Refusal? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if isClosed { return .closed }
        if elements.count >= limit { return .full }
        elements.append(element)
        pthread_cond_signal(condition)
        return nil
    }

    /// Up to `most` elements in their order. With `waiting`, an empty answer says that the queue is
    /// closed and that all was taken.
    func take(_ most: Int, waiting: Bool) -> [Element] {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while waiting && elements.isEmpty && !isClosed { pthread_cond_wait(condition, mutex) }
        if elements.count <= most {
            var taken: [Element] = []
            swap(&taken, &elements)
            return taken
        }
        let taken = Array(elements.prefix(most))
        elements.removeFirst(most)
        return taken
    }

    var count: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return elements.count
    }

    /// Takes nothing more; what is queued can still be taken.
    func close() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        isClosed = true
        pthread_cond_broadcast(condition)
    }
}

/// Starts a detached thread; `name` (at most 15 bytes) shows in `top -H`.
func detachThread(name: String, _ body: @escaping @Sendable () -> Void) throws(DatabaseError) {
    do throws(SystemError) {
        pthread_detach(try startThread(name: name, body))
    } catch {
        throw DatabaseError.failed(
            code: Int(error.errno), message: "a thread could not be started", sql: "")
    }
}
