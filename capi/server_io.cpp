// SPDX-License-Identifier: MIT
// The server's calls for requests of every major function.
#include "server.h"

#include <fmt/format.h>

namespace ringside::capi {

namespace {

uint8_t byte(Reader& in, char const* name)
{
    auto const number = in.number<uint32_t>();
    if (number > UINT8_MAX)
        throw Refused(RINGSIDE_BAD_ARGUMENT, fmt::format("io.{} is a byte, not {}", name, number));
    return static_cast<uint8_t>(number);
}

// All but the room for what comes back.
Call read_call(Reader& in)
{
    Call call;
    call.major = byte(in, "major");
    call.minor = byte(in, "minor");
    call.code = in.number<uint32_t>();
    call.flags = byte(in, "flags");
    call.key = in.number<uint32_t>();
    call.in = in.bytes();
    call.out = in.bytes();
    call.offset = in.number<uint64_t>();
    call.length = in.number<uint64_t>();
    call.name = in.text();
    return call;
}

} // namespace

void Server::about_any_io(CallCode code, Reader& in)
{
    auto const number = in.number<uint32_t>();
    Call call = read_call(in);
    auto const thread = in.number<uint32_t>();
    call.out_bytes = room(in);
    if (code == CallCode::DoIo)
        expect_whole(in);
    File file = m_files.at(number, "file");
    if (thread)
        file = file.on(m_threads.at(thread, "thread"));
    if (code == CallCode::StartIo)
        return start_io(file, call, in);
    tell(file.call(call), call.out_bytes);
}

void Server::start_io(File& file, Call const& call, Reader& in)
{
    auto const event = in.number<uint32_t>();
    Overlapped overlapped { .context = in.number<uint64_t>() };
    auto const token = in.number<uint64_t>(); // 0: no callback
    expect_whole(in);
    if (event)
        overlapped.event = m_events.at(event, "event");
    if (token)
        overlapped.callback = [this, token, room = call.out_bytes](Reply const& reply) {
            auto& told = m_told.emplace_back(token, reply).second;
            if (told.bytes.size() > room)
                told.bytes.resize(room);
        };
    Request request = file.start(call, std::move(overlapped));
    int32_t const returned = request.returned();
    m_reply.number(m_requests.add(std::move(request)));
    m_reply.number(returned);
}

} // namespace ringside::capi
