import CLinux
import Glibc

// With `--supervise` it is no script host: it runs a program of the operator's and ends with all
// that it has started.
if CommandLine.arguments.count > 2, CommandLine.arguments[1] == "--supervise" {
    geartrain_supervise(CommandLine.unsafeArgv + 2)
}

// The child process that runs scripts: frames in, frames out, nothing else. The parent gives it a
// socket as descriptor 3, an empty environment and no other descriptor; when the socket closes it
// ends.

ScriptHost.serve(FrameChannel(descriptor: 3))
