// SPDX-License-Identifier: MIT
// The C face: requests of every major function, and how their ends are told.
#include "api.h"

namespace ringside::capi {

namespace {

// As it was in the version that brought it.
constexpr size_t kIoBytes = offsetof(ringside_io, callback_context) + sizeof(void*);

ringside_io understood_io(ringside_io const* given)
{
    ringside_io const io = understood(&needed(given, "io"), ringside_io {}, kIoBytes, "io");
    if (io.reserved)
        throw Refused(RINGSIDE_BAD_ARGUMENT, "io.reserved is 0");
    return io;
}

void write_io(Message& message, ringside_file file, ringside_io const& io, size_t out_bytes)
{
    for (uint32_t value : { io.major, io.minor, io.code, io.flags, io.key })
        message.number(value);
    message.bytes(given_bytes(io.in, io.in_bytes, "io.in"));
    message.bytes(given_bytes(io.out_contents, io.out_contents_bytes, "io.out_contents"));
    message.number(io.offset);
    message.number(io.length);
    message.text(io.name ? io.name : "");
    message.number(other_handle(io.thread, Kind::Thread, file, "io.thread"));
    message.number<uint64_t>(out_bytes);
}

bool is_error(int32_t status) { return static_cast<uint32_t>(status) >> 30 == 3; }

// Starts it; its callback waits from before the machine hears of the request.
void start_io(ringside_file file, ringside_io const& io, size_t out_bytes, ringside_request& request)
{
    Exchange exchange(file, Kind::File);
    Message& message = exchange.begin(CallCode::StartIo);
    message.number<uint32_t>(exchange.number());
    write_io(message, file, io, out_bytes);
    message.number(other_handle(io.event, Kind::Event, file, "io.event"));
    message.number(io.context);
    Callbacks& callbacks = exchange.hosted().callbacks;
    uint64_t const token = io.callback ? callbacks.add({ io.callback, io.callback_context, out_bytes }) : 0;
    message.number(token);
    try {
        Reader& reply = exchange.send();
        auto const number = reply.number<uint32_t>();
        auto const returned = reply.number<int32_t>();
        exchange.expect_whole();
        request = make_handle(Kind::Request, machine_of(file), number);
        if (is_error(returned))
            callbacks.remove(machine_of(file), token);
    } catch (...) {
        callbacks.remove(machine_of(file), token);
        throw;
    }
}

} // namespace

} // namespace ringside::capi

using namespace ringside;
using namespace ringside::capi;

int ringside_do_io(ringside_file file, ringside_io const* io, void* out, size_t out_bytes, ringside_reply* reply)
{
    return transact(__func__, file, Kind::File, CallCode::DoIo, out, out_bytes, reply, [&](Message& message) {
        ringside_io const given = understood_io(io);
        if (given.event || given.context || given.callback)
            throw Refused(RINGSIDE_BAD_ARGUMENT,
                          "io.event, context and callback are for requests that are not waited for");
        write_io(message, file, given, out_bytes);
    });
}

int ringside_start_io(ringside_file file, ringside_io const* io, size_t out_bytes, ringside_request* request)
{
    return guarded(__func__, file, [&] { start_io(file, understood_io(io), out_bytes, needed(request, "request")); });
}

int ringside_file_cancel(ringside_file file, ringside_thread thread, int32_t* status)
{
    return status_call(__func__, file, Kind::File, CallCode::FileCancel, status,
                       [&](Message& message) { message.number(other_handle(thread, Kind::Thread, file, "thread")); });
}

int ringside_file_cancel_all(ringside_file file, int32_t* status)
{
    return status_call(__func__, file, Kind::File, CallCode::FileCancelAll, status, nothing_to_write);
}

int ringside_file_skip_notification(ringside_file file, uint32_t modes, int32_t* status)
{
    return status_call(__func__, file, Kind::File, CallCode::FileSkipNotification, status,
                       [&](Message& message) { message.number(modes); });
}

int ringside_file_signalled(ringside_file file, int* signalled)
{
    return flag_call(__func__, file, Kind::File, CallCode::FileSignalled, signalled, "signalled");
}
