// SPDX-License-Identifier: MIT
#include "serve.h"

#include "server.h"
#include "stream.h"

#include <ringside.h>

#include "base/check.h"

#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ringside::capi {

namespace {

bool is_socket(int descriptor)
{
    struct stat status {};
    return fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

// The library's process may be killed while a driver computes here. SIGIO's usual action ends the process, and a pipe
// raises it when its last writer is gone. (The parent-death signal would come when the thread that started us ends.)
bool watch_lifeline()
{
    if (fcntl(kLifelineDescriptor, F_SETOWN, getpid()) != 0)
        return false;
    if (fcntl(kLifelineDescriptor, F_SETFL, O_ASYNC | O_NONBLOCK) != 0)
        return false;
    pollfd gone { kLifelineDescriptor, 0, 0 };
    return poll(&gone, 1, 0) == 0;
}

} // namespace

int serve()
{
    if (!is_socket(kCallsDescriptor) || !watch_lifeline()) {
        std::fputs("ringside: serve is for Ringside's library (docs/c-api.md), which starts it by itself\n", stderr);
        return kExitUsage;
    }
    // What the caller's process left open by mistake is nothing to a driver.
    close_range(kLifelineDescriptor + 1, ~0u, 0);
    Stream stream(kCallsDescriptor);
    Server server;
    for (;;) {
        Heard heard = stream.receive(kCallMark);
        if (heard == Heard::End)
            return kExitClean;
        if (heard != Heard::Message || stream.told() != 0) {
            Message reply;
            reply.begin(kReplyMark, RINGSIDE_PROTOCOL);
            reply.rest("the bytes that came are no call");
            (void)stream.send(reply.whole());
            return kExitUsage;
        }
        Message& reply = server.handle(stream.what(), stream.payload());
        if (stream.send(reply.whole()) != Heard::Message || server.closed())
            return kExitClean;
    }
}

} // namespace ringside::capi
