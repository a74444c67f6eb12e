// SPDX-License-Identifier: MIT
// What every function of the C face does around its own part: nothing leaves it but a ringside_result, and the sentence
// of a failure is kept for ringside_last_error().
#pragma once

#include "hosted.h"
#include "server.h"

#include <fmt/format.h>

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
    try {
        try {
            part();
            return RINGSIDE_OK;
        } catch (Refused const& refused) {
            result = refused.result;
            keep_error(handle, fmt::format("{}: {}", function, refused.what()));
        } catch (std::bad_alloc const&) {
            result = RINGSIDE_NO_MEMORY;
            keep_error(handle, fmt::format("{}: this process has no memory left", function));
        } catch (std::exception const& unforeseen) {
            keep_error(handle, fmt::format("{}: {}", function, unforeseen.what()));
        }
    } catch (...) {
        // There was no memory even for the sentence.
    }
    return result;
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

// A call without arguments whose one result is text.
int text_call(char const* function, uint64_t handle, Kind kind, CallCode call, char** text, char const* name);

} // namespace ringside::capi
