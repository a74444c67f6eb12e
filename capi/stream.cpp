// SPDX-License-Identifier: MIT
#include "stream.h"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

namespace ringside::capi {

namespace {
constexpr size_t kFirstBytes = 1 << 16;
// What a buffer may keep between messages, and how much it grows at a time while a message comes in.
constexpr size_t kKeptBytes = 1 << 20;
} // namespace

Heard Stream::send(std::span<std::byte const> message)
{
    while (!message.empty()) {
        ssize_t sent = ::send(m_socket, message.data(), message.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return Heard::TimedOut;
        if (sent <= 0)
            return Heard::End;
        message = message.subspan(static_cast<size_t>(sent));
    }
    return Heard::Message;
}

Heard Stream::receive(uint32_t mark)
{
    if (m_buffer.size() > kKeptBytes)
        m_buffer = {};
    if (m_buffer.size() < kFirstBytes)
        m_buffer.resize(kFirstBytes);
    size_t have = 0;
    uint64_t wanted = sizeof(Header);
    while (have < wanted) {
        if (have == m_buffer.size())
            m_buffer.resize(std::min<uint64_t>(wanted, std::max(kKeptBytes, 2 * m_buffer.size())));
        ssize_t got = recv(m_socket, m_buffer.data() + have, m_buffer.size() - have, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return Heard::TimedOut;
        if (got <= 0)
            return Heard::End;
        have += static_cast<size_t>(got);
        if (wanted == sizeof(Header) && have >= sizeof(Header)) {
            std::memcpy(&m_header, m_buffer.data(), sizeof m_header);
            if (m_header.mark != mark || m_header.bytes > kMessageBytesMax)
                return Heard::Nonsense;
            wanted += m_header.bytes;
        }
    }
    // Each side waits for the other's answer, so nothing can follow yet.
    return have == wanted ? Heard::Message : Heard::Nonsense;
}

void Stream::close()
{
    if (m_socket >= 0)
        ::close(m_socket);
    m_socket = -1;
}

} // namespace ringside::capi
