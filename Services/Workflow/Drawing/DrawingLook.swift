import Contracts
import JSON

extension Drawing {
    /// The colours of a step: its edge says how it has fared, its bar of what sort it is.
    struct Look {
        var fill = "#ffffff"
        var stroke = "#64748b"
        var text = "#0f172a"
        var quiet = "#475569"
        var accent: String
        var strokeWidth = 1.4
        var isDashed = false
        var isRound = false

        /// `mark` is nil of a workflow, and holds nil of a step that an instance has not entered.
        init(_ step: StepDefinition, _ mark: DrawingMarks.Mark??) {
            switch step.kind {
            case .event, .task, .timer: accent = "#d97706"
            case .condition, .parallel: accent = "#7c3aed"
            case .end:
                accent = "#334155"
                isRound = true
            default: accent = "#2563eb"
            }
            guard let mark else { return }
            switch mark?.state {
            case .done: (fill, stroke) = ("#f0faf3", "#2f8f4e")
            case .here: (fill, stroke, strokeWidth) = ("#fff7e0", "#b45309", 3)
            case .failed: (fill, stroke, strokeWidth) = ("#fdeeee", "#c62828", 3)
            case .skipped: (fill, stroke, isDashed) = ("#f8fafc", "#64748b", true)
            case nil: (stroke, text, quiet) = ("#cbd5e1", "#64748b", "#64748b")
            }
        }
    }
}

extension StepDefinition {
    /// The kind, and what it is about.
    var detail: String {
        let about: String? =
            switch kind {
            case .mail(let mail): mail.notification.code
            case .event(let wait): wait.event.code
            case .task(let task):
                task.content.value["assignee"]?.object?.members.first?.value.string
            case .script(.named(let code)): code
            case .timer(.wait(let tree)), .timer(.until(let tree)): tree.value.string
            case .http(let request): request.value["url"]?.string
            case .workflow(let sub): sub.workflow.code
            case .run(_, let code, _): code.code
            case .command(let command): command.value["command"]?.string
            case .raise(let event, _): event.code
            case .condition(let when, _, _): when.value.string.map { String($0.dropFirst()) }
            case .change, .script(.source), .parallel, .end: nil
            }
        return about.map { "\(kindName) · \($0)" } ?? kindName
    }
}
