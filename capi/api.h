// SPDX-License-Identifier: MIT
// What every function of the C face does around its own part: nothing leaves it but a ringside_result, and the sentence
// of a failure is kept for ringside_last_error().
#pragma once

#include "hosted.h"
#include "server.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <string_view>

namespace ringside::capi {

// Runs one function's part. `handle` says whose failure it is; 0: nobody's but the thread's.
template <typename Part>
int guarded(char const* function, uint64_t handle, Part&& part) noexcept
{
    int result = RINGSIDE_OUR_BUG;
    std::string words;
    try {
        try {
            part();
            result = RINGSIDE_OK;
        } catch (Refused const& refused) {
            result = refused.result;
            words = fmt::format("{}: {}", function, refused.what());
        } catch (std::bad_alloc const&) {
            result = RINGSIDE_NO_MEMORY;
            words = fmt::format("{}: this process has no memory left", function);
        } catch (std::exception const& unforeseen) {
            words = fmt::format("{}: {}", function, unforeseen.what());
        }
        // First, so that what a routine of the caller's fails in does not hide this call's own sentence.
        call_due();
        if (!words.empty())
            keep_error(handle, words);
    } catch (...) {
        // There was no memory even for the sentence.
    }
    return result;
}

// The size that a caller gave a structure: of its first version at least, and none that nobody set.
void check_structure(size_t size, size_t first_version, char const* name);

// The caller's structure, or the usual values if it is null. It may be of an older version, or of a newer one that asks
// for nothing we do not know.
template <typename Structure>
Structure understood(Structure const* given, Structure usual, size_t first_version, char const* name)
{
    if (!given)
        return usual;
    check_structure(given->size, first_version, name);
    size_t const known = std::min(given->size, sizeof usual);
    auto const* bytes = reinterpret_cast<char const*>(given);
    if (std::any_of(bytes + known, bytes + given->size, [](char byte) { return byte != 0; }))
        throw Refused(RINGSIDE_BAD_ARGUMENT,
                      fmt::format("{} has members that this library, which is older, does not know", name));
    std::memcpy(&usual, given, known);
    return usual;
}

// Writes the usual values to a structure of `size` bytes, with zeros behind what we know.
template <typename Structure>
void fill_structure(Structure* into, size_t size, Structure const& usual, size_t first_version, char const* name)
{
    if (!into)
        throw Refused(RINGSIDE_BAD_ARGUMENT, fmt::format("{} is null", name));
    check_structure(size, first_version, name);
    std::memset(into, 0, size);
    std::memcpy(into, &usual, std::min(size, sizeof usual));
    into->size = size;
}

template <typename T>
T& needed(T* pointer, char const* name)
{
    if (!pointer)
        throw Refused(RINGSIDE_BAD_ARGUMENT, fmt::format("{} is null", name));
    return *pointer;
}
std::string_view needed_text(char const* text, char const* name);
// [from, from + size): null only if it is empty, and no larger than a message may carry.
std::span<std::byte const> given_bytes(void const* from, size_t size, char const* name);
// The same for room for a reply.
void check_room(void const* room, size_t size);

// A handle among the arguments: 0, or of this kind and of the same machine as the call's own. Its number.
uint32_t other_handle(uint64_t handle, Kind kind, uint64_t own, char const* name);

// Copies for the caller, who frees them.
char* copied_text(std::string_view text);
void* copied_bytes(std::span<std::byte const> bytes);

// One call whose handle stands first and whose arguments `write` adds, and whose results `read` takes.
template <typename Write, typename Read>
void exchange(uint64_t handle, Kind kind, CallCode call, Write&& write, Read&& read)
{
    Exchange exchange(handle, kind);
    Message& message = exchange.begin(call);
    if (kind != Kind::Machine)
        message.number<uint32_t>(exchange.number());
    write(message);
    Reader& reply = exchange.send();
    read(reply, exchange);
    exchange.expect_whole();
}

inline constexpr auto nothing_to_write = [](Message&) { };
inline constexpr auto nothing_to_read = [](Reader&, Exchange&) { };

// A call on a client, or on a machine's default client (number 0).
template <typename Write, typename Read>
void exchange_of_client(uint64_t owner, CallCode call, Write&& write, Read&& read)
{
    Exchange exchange(owner, is_kind(owner, Kind::Client) ? Kind::Client : Kind::Machine);
    Message& message = exchange.begin(call);
    message.number<uint32_t>(exchange.number());
    write(message);
    Reader& reply = exchange.send();
    read(reply, exchange);
    exchange.expect_whole();
}

// A call without arguments or results.
int plain_call(char const* function, uint64_t handle, Kind kind, CallCode call);
// A call without arguments whose one result is a flag, or a 64-bit number.
int flag_call(char const* function, uint64_t handle, Kind kind, CallCode call, int* flag, char const* name);
int number_call(char const* function, uint64_t handle, Kind kind, CallCode call, uint64_t* number, char const* name);

// A call whose one result is a status, which the caller need not want.
template <typename Write>
int status_call(char const* function, uint64_t handle, Kind kind, CallCode call, int32_t* status, Write&& write)
{
    return guarded(function, handle, [&] {
        int32_t told = 0;
        exchange(handle, kind, call, write, [&](Reader& reply, Exchange&) { told = reply.number<int32_t>(); });
        if (status)
            *status = told;
    });
}

// What the machine says of a request's end; its bytes go straight to the caller's buffer.
void read_reply(Reader& in, Exchange& exchange, void* out, size_t out_bytes, ringside_reply& reply);

// A call whose result is a request's end.
template <typename Write>
int transact(char const* function, uint64_t handle, Kind kind, CallCode call, void* out, size_t out_bytes,
             ringside_reply* reply, Write&& write)
{
    return guarded(function, handle, [&] {
        ringside_reply& into = needed(reply, "reply");
        check_room(out, out_bytes);
        exchange(handle, kind, call, write,
                 [&](Reader& in, Exchange& exchange) { read_reply(in, exchange, out, out_bytes, into); });
    });
}

// A call without arguments whose one result is text.
int text_call(char const* function, uint64_t handle, Kind kind, CallCode call, char** text, char const* name);

} // namespace ringside::capi
