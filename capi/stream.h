// SPDX-License-Identifier: MIT
// Messages over a connected stream socket. A message is sent in one write and, unless it is large, received in one
// read. A lengthy message is taken in as it comes: a length alone makes nobody reserve memory.
#pragma once

#include "wire.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ringside::capi {

enum class Heard : uint8_t {
    Message,
    End,      // the other side closed it, or is gone
    TimedOut, // the socket's own time limit (SO_RCVTIMEO, SO_SNDTIMEO)
    Nonsense, // no header of ours, a length beyond all measure, or more than one message
};

class Stream {
public:
    // Owns the socket.
    explicit Stream(int socket)
        : m_socket(socket)
    {
    }
    ~Stream() { close(); }
    Stream(Stream const&) = delete;
    Stream& operator=(Stream const&) = delete;

    // Message, End or TimedOut. No signal is raised.
    Heard send(std::span<std::byte const> message);
    // A message with this mark; its payload stands until the next receive().
    Heard receive(uint32_t mark);
    uint32_t what() const { return m_header.what; }
    uint32_t told() const { return m_header.told; }
    std::span<std::byte const> payload() const { return { m_buffer.data() + sizeof(Header), m_header.bytes }; }
    void close();

private:
    int m_socket;
    Header m_header;
    std::vector<std::byte> m_buffer;
};

} // namespace ringside::capi
