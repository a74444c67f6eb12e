// SPDX-License-Identifier: MIT
// The machine in the caller's own process: the same messages, without a socket.
#include "link.h"

#include "server.h"

#include <ringside.h>

#include <atomic>

namespace ringside::capi {

namespace {

// A machine has its addresses, its signal handlers and its alarm for itself.
std::atomic<bool> g_taken = false;

class InProcessLink : public Link {
public:
    ~InProcessLink() override
    {
        m_server.reset();
        g_taken = false;
    }
    Answer exchange(CallCode call, Message& message) override
    {
        std::span<std::byte const> reply
            = m_server->handle(static_cast<uint32_t>(call), message.whole().subspan(sizeof(Header))).whole();
        Header header;
        std::memcpy(&header, reply.data(), sizeof header);
        auto answer = read_answer(header.what, header.told, reply.subspan(sizeof header));
        if (!answer)
            throw Refused(RINGSIDE_OUR_BUG, "the machine's reply makes no sense");
        return *std::move(answer);
    }
    bool kill() override { return false; }
    bool one_thread() const override { return true; }

private:
    std::unique_ptr<Server> m_server = std::make_unique<Server>();
};

} // namespace

std::unique_ptr<Link> enter_process()
{
    if (g_taken.exchange(true))
        throw Refused(RINGSIDE_BUSY, "another machine lives in this process; close it first, or do not set in_process");
    return std::make_unique<InProcessLink>();
}

} // namespace ringside::capi
