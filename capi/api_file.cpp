// SPDX-License-Identifier: MIT
// The C face: client processes, files and requests.
#include "api.h"

namespace ringside::capi {

namespace {

template <typename Write>
int start(char const* function, ringside_file file, CallCode call, ringside_request* request, Write&& write)
{
    return guarded(function, file, [&] {
        ringside_request& into = needed(request, "request");
        uint32_t number = 0;
        exchange(file, Kind::File, call, write, [&](Reader& in, Exchange&) { number = in.number<uint32_t>(); });
        into = make_handle(Kind::Request, machine_of(file), number);
    });
}

} // namespace

} // namespace ringside::capi

using namespace ringside;
using namespace ringside::capi;

// --- Clients -----------------------------------------------------------------------------------------------------

int ringside_client_start(ringside_machine machine, char const* name, uint32_t account, ringside_client* client,
                          int32_t* status)
{
    return guarded(__func__, machine, [&] {
        auto const image = needed_text(name, "name");
        ringside_client& into = needed(client, "client");
        exchange(
            machine, Kind::Machine, CallCode::ClientStart,
            [&](Message& message) {
                message.text(image);
                message.number(account);
            },
            [&](Reader& reply, Exchange& exchange) {
                auto const number = reply.number<uint32_t>();
                auto const creation = reply.number<int32_t>();
                exchange.expect_whole();
                into = make_handle(Kind::Client, machine_of(machine), number);
                if (status)
                    *status = creation;
            });
    });
}

int ringside_client_end(ringside_client client, int32_t exit_status)
{
    return guarded(__func__, client, [&] {
        exchange(
            client, Kind::Client, CallCode::ClientEnd, [&](Message& message) { message.number(exit_status); },
            nothing_to_read);
    });
}

int ringside_client_running(ringside_client client, int* running)
{
    return flag_call(__func__, client, Kind::Client, CallCode::ClientRunning, running, "running");
}

// --- Files -------------------------------------------------------------------------------------------------------

int ringside_open(uint64_t owner, char const* path, uint32_t access, uint32_t share, ringside_file* file,
                  int32_t* status)
{
    return guarded(__func__, owner, [&] {
        auto const name = needed_text(path, "path");
        ringside_file& into = needed(file, "file");
        int32_t& told = needed(status, "status");
        auto write = [&](Message& message) {
            message.text(name);
            message.number(access);
            message.number(share);
        };
        exchange_of_client(owner, CallCode::Open, write, [&](Reader& reply, Exchange& exchange) {
            auto const number = reply.number<uint32_t>();
            auto const opened = reply.number<int32_t>();
            exchange.expect_whole();
            into = number ? make_handle(Kind::File, machine_of(owner), number) : 0;
            told = opened;
        });
    });
}

int ringside_file_close(ringside_file file)
{
    return plain_call(__func__, file, Kind::File, CallCode::FileClose);
}

int ringside_ioctl(ringside_file file, uint32_t code, void const* in, size_t in_bytes, void* out, size_t out_bytes,
                   ringside_reply* reply)
{
    return transact(__func__, file, Kind::File, CallCode::Ioctl, out, out_bytes, reply, [&](Message& message) {
        message.number(code);
        message.bytes(given_bytes(in, in_bytes, "in"));
        message.number<uint64_t>(out_bytes);
    });
}

int ringside_ioctl_with_buffer(ringside_file file, uint32_t code, void const* in, size_t in_bytes, void const* second,
                               size_t second_bytes, ringside_reply* reply)
{
    return transact(__func__, file, Kind::File, CallCode::IoctlWithBuffer, nullptr, 0, reply, [&](Message& message) {
        message.number(code);
        message.bytes(given_bytes(in, in_bytes, "in"));
        message.bytes(given_bytes(second, second_bytes, "second"));
    });
}

int ringside_read(ringside_file file, void* out, size_t out_bytes, uint64_t offset, ringside_reply* reply)
{
    return transact(__func__, file, Kind::File, CallCode::Read, out, out_bytes, reply, [&](Message& message) {
        message.number<uint64_t>(out_bytes);
        message.number(offset);
    });
}

int ringside_write(ringside_file file, void const* in, size_t in_bytes, uint64_t offset, ringside_reply* reply)
{
    return transact(__func__, file, Kind::File, CallCode::Write, nullptr, 0, reply, [&](Message& message) {
        message.bytes(given_bytes(in, in_bytes, "in"));
        message.number(offset);
    });
}

// --- Requests ----------------------------------------------------------------------------------------------------

int ringside_start_ioctl(ringside_file file, uint32_t code, void const* in, size_t in_bytes, size_t out_bytes,
                         ringside_request* request)
{
    return start(__func__, file, CallCode::StartIoctl, request, [&](Message& message) {
        message.number(code);
        message.bytes(given_bytes(in, in_bytes, "in"));
        message.number<uint64_t>(out_bytes);
    });
}

int ringside_start_read(ringside_file file, size_t out_bytes, uint64_t offset, ringside_request* request)
{
    return start(__func__, file, CallCode::StartRead, request, [&](Message& message) {
        message.number<uint64_t>(out_bytes);
        message.number(offset);
    });
}

int ringside_start_write(ringside_file file, void const* in, size_t in_bytes, uint64_t offset,
                         ringside_request* request)
{
    return start(__func__, file, CallCode::StartWrite, request, [&](Message& message) {
        message.bytes(given_bytes(in, in_bytes, "in"));
        message.number(offset);
    });
}

int ringside_request_done(ringside_request request, int* done)
{
    return flag_call(__func__, request, Kind::Request, CallCode::RequestDone, done, "done");
}

int ringside_request_cancel(ringside_request request)
{
    return plain_call(__func__, request, Kind::Request, CallCode::RequestCancel);
}

int ringside_request_cancel_ex(ringside_request request, int32_t* status)
{
    return status_call(__func__, request, Kind::Request, CallCode::RequestCancelEx, status, nothing_to_write);
}

int ringside_request_status(ringside_request request, int32_t* returned, int32_t* block_status,
                            uint64_t* block_information)
{
    return guarded(__func__, request, [&] {
        auto read = [&](Reader& reply, Exchange& exchange) {
            auto const started = reply.number<int32_t>();
            auto const status = reply.number<int32_t>();
            auto const information = reply.number<uint64_t>();
            exchange.expect_whole();
            if (returned)
                *returned = started;
            if (block_status)
                *block_status = status;
            if (block_information)
                *block_information = information;
        };
        exchange(request, Kind::Request, CallCode::RequestStatus, nothing_to_write, read);
    });
}

int ringside_request_wait(ringside_request request, void* out, size_t out_bytes, ringside_reply* reply)
{
    return transact(__func__, request, Kind::Request, CallCode::RequestWait, out, out_bytes, reply,
                    [&](Message& message) { message.number<uint64_t>(out_bytes); });
}

int ringside_request_reply(ringside_request request, void* out, size_t out_bytes, ringside_reply* reply)
{
    return transact(__func__, request, Kind::Request, CallCode::RequestReply, out, out_bytes, reply,
                    [&](Message& message) { message.number<uint64_t>(out_bytes); });
}

int ringside_request_close(ringside_request request)
{
    return plain_call(__func__, request, Kind::Request, CallCode::RequestClose);
}
