import Glibc

// The child process that runs scripts: frames in, frames out, nothing else. The parent gives it a
// socket as descriptor 3, an empty environment and no other descriptor; when the socket closes it
// ends.

ScriptHost.serve(FrameChannel(descriptor: 3))
