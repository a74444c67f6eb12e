// SPDX-License-Identifier: MIT
#include "server.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringside::capi {

Message& Server::handle(uint32_t call, std::span<std::byte const> payload)
{
    auto failed = [this](int result, std::string_view words) {
        m_reply.begin(kReplyMark, static_cast<uint32_t>(result));
        m_reply.rest(words);
    };
    m_reply.begin(kReplyMark, RINGSIDE_OK);
    try {
        Reader in(payload);
        if (call >= kCallCount || m_closed)
            throw Refused(RINGSIDE_PROTOCOL, fmt::format("nobody knows call {}", call));
        carry_out(static_cast<CallCode>(call), in);
    } catch (Refused const& refused) {
        failed(refused.result, refused.what());
    } catch (BadImage const& bad) {
        failed(RINGSIDE_BAD_IMAGE, bad.what());
    } catch (BadUse const& bad) {
        failed(RINGSIDE_BAD_USE, bad.what());
    } catch (std::bad_alloc const&) {
        failed(RINGSIDE_NO_MEMORY, "the machine's process has no memory left");
    } catch (std::length_error const&) {
        failed(RINGSIDE_NO_MEMORY, "more was asked for than fits into memory");
    } catch (std::exception const& unforeseen) {
        failed(RINGSIDE_OUR_BUG, unforeseen.what());
    }
    try {
        return m_told.empty() ? m_reply : with_told();
    } catch (std::bad_alloc const&) {
        return m_reply; // they wait for a better time
    }
}

// As many as a message has room for; the others wait for the next reply.
Message& Server::with_told()
{
    constexpr uint64_t kFieldsBytes = 28; // of each, beside its bytes
    auto const reply = m_reply.whole().subspan(sizeof(Header));
    uint64_t bytes = reply.size();
    uint16_t count = 0;
    while (count < m_told.size() && count < UINT16_MAX) {
        bytes += kFieldsBytes + m_told[count].second.bytes.size();
        if (bytes > kMessageBytesMax)
            break;
        ++count;
    }
    m_full_reply.begin(kReplyMark, m_reply.what(), count);
    for (uint16_t i = 0; i < count; ++i) {
        auto const& [token, end] = m_told[i];
        m_full_reply.number(token);
        m_full_reply.number(end.status);
        m_full_reply.number(end.information);
        m_full_reply.bytes(end.bytes);
    }
    m_full_reply.rest(reply);
    m_told.erase(m_told.begin(), m_told.begin() + count);
    return m_full_reply;
}

Client Server::client(uint32_t number) { return number ? m_clients.at(number, "client") : machine().default_client(); }

Machine& Server::machine()
{
    if (!m_machine)
        throw Refused(RINGSIDE_PROTOCOL, "no machine was booted");
    return *m_machine;
}

void Server::expect_whole(Reader const& in)
{
    if (!in.whole())
        throw Refused(RINGSIDE_PROTOCOL, "the call's bytes do not fit the call");
}

uint64_t Server::room(Reader& in)
{
    auto bytes = in.number<uint64_t>();
    if (bytes > kBufferBytesMax)
        throw Refused(RINGSIDE_BAD_ARGUMENT, fmt::format("a buffer is at most {} bytes", kBufferBytesMax));
    return bytes;
}

void Server::tell(Reply const& reply, uint64_t room)
{
    m_reply.number(reply.status);
    m_reply.number(reply.information);
    m_reply.bytes(std::span(reply.bytes).first(std::min<uint64_t>(room, reply.bytes.size())));
}

// One line each, whatever stands in it.
void Server::tell(std::vector<std::string> const& lines)
{
    std::string text;
    for (std::string line : lines) {
        for (char& letter : line)
            if (letter == '\n' || letter == '\r' || letter == '\0')
                letter = ' ';
        text += line;
        text += '\n';
    }
    m_reply.text(text);
}

void Server::carry_out(CallCode call, Reader& in)
{
    switch (call) {
#define RINGSIDE_CALL_PART(name, part, words)                                                                          \
    case CallCode::name:                                                                                               \
        return about_##part(call, in);
        RINGSIDE_CALLS(RINGSIDE_CALL_PART)
#undef RINGSIDE_CALL_PART
    }
}

void Server::about_life(CallCode call, Reader& in)
{
    if (call == CallCode::Hello)
        return hello(in);
    if (call == CallCode::Boot)
        return boot(in);
    expect_whole(in);
    m_machine.reset();
    m_closed = true;
}

void Server::hello(Reader& in)
{
    auto version = in.number<uint32_t>();
    expect_whole(in);
    if (version != kProtocolVersion)
        throw Refused(RINGSIDE_PROTOCOL,
                      fmt::format("this program speaks version {} of the protocol, not {}", kProtocolVersion, version));
    m_reply.number(kProtocolVersion);
}

void Server::boot(Reader& in)
{
    MachineOptions options = read_options(in);
    expect_whole(in);
    if (m_machine)
        throw Refused(RINGSIDE_PROTOCOL, "a machine was booted already");
    m_machine.emplace(options);
}

} // namespace ringside::capi
