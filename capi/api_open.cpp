// SPDX-License-Identifier: MIT
// The C face: opening a file with all that an open can say, and creating named pipes and mailslots.
#include "api.h"

namespace ringside::capi {

namespace {

// As they were in the version that brought them.
constexpr size_t kOpenBytes = offsetof(ringside_open_options, relative_to) + sizeof(ringside_file);
constexpr size_t kPipeBytes = offsetof(ringside_pipe_options, timeout_seconds) + sizeof(double);
constexpr size_t kMailslotBytes = offsetof(ringside_mailslot_options, read_timeout_seconds) + sizeof(double);

ringside_open_options usual_open()
{
    OpenOptions const usual;
    ringside_open_options options {};
    options.size = sizeof options;
    options.access = usual.access;
    options.share = usual.share;
    options.disposition = usual.disposition;
    return options;
}

ringside_open_options usual_open_of_mailslot()
{
    ringside_open_options options = usual_open();
    options.access = 0x80000000; // GENERIC_READ
    options.disposition = 2;     // FILE_CREATE
    return options;
}

ringside_open_options usual_open_of_pipe()
{
    ringside_open_options options = usual_open();
    options.disposition = 3; // FILE_OPEN_IF
    return options;
}

ringside_pipe_options usual_pipe()
{
    PipeOptions const usual;
    return { sizeof(ringside_pipe_options), usual.type,           usual.read_mode,
             usual.completion_mode,         usual.instances,      usual.inbound_quota,
             usual.outbound_quota,          usual.timeout_seconds };
}

ringside_mailslot_options usual_mailslot()
{
    MailslotOptions const usual;
    return { sizeof(ringside_mailslot_options), usual.quota, usual.message_bytes, usual.read_timeout_seconds };
}

void write_open(Message& message, uint64_t owner, std::string_view path, ringside_open_options const& given)
{
    if (given.reserved)
        throw Refused(RINGSIDE_BAD_ARGUMENT, "options.reserved is 0");
    message.text(path);
    for (uint32_t value : { given.access, given.share, given.disposition, given.options, given.attributes })
        message.number(value);
    message.flag(given.synchronous != 0);
    message.flag(given.case_sensitive != 0);
    message.number(given.allocation_size);
    message.bytes(given_bytes(given.ea, given.ea_bytes, "options.ea"));
    message.bytes(given_bytes(given.security, given.security_bytes, "options.security"));
    message.number(other_handle(given.relative_to, Kind::File, owner, "options.relative_to"));
}

// Where an open's results go.
struct Opened {
    ringside_file* file;
    int32_t* status;
    uint64_t* information;
};

template <typename WriteMore>
int open(char const* function, uint64_t owner, CallCode call, char const* path, ringside_open_options const* options,
         ringside_open_options const& usual, Opened const& opened, WriteMore&& write_more)
{
    return guarded(function, owner, [&] {
        auto const name = needed_text(path, "path");
        auto const given = understood(options, usual, kOpenBytes, "options");
        ringside_file& into = needed(opened.file, "file");
        int32_t& told = needed(opened.status, "status");
        auto write = [&](Message& message) {
            write_open(message, owner, name, given);
            write_more(message);
        };
        exchange_of_client(owner, call, write, [&](Reader& reply, Exchange& exchange) {
            auto const number = reply.number<uint32_t>();
            auto const status = reply.number<int32_t>();
            auto const information = reply.number<uint64_t>();
            exchange.expect_whole();
            into = number ? make_handle(Kind::File, machine_of(owner), number) : 0;
            told = status;
            if (opened.information)
                *opened.information = information;
        });
    });
}

} // namespace

} // namespace ringside::capi

using namespace ringside;
using namespace ringside::capi;

int ringside_open_options_init(ringside_open_options* options, size_t size)
{
    return guarded(__func__, 0, [&] { fill_structure(options, size, usual_open(), kOpenBytes, "options"); });
}

int ringside_pipe_options_init(ringside_pipe_options* pipe, size_t size)
{
    return guarded(__func__, 0, [&] { fill_structure(pipe, size, usual_pipe(), kPipeBytes, "pipe"); });
}

int ringside_mailslot_options_init(ringside_mailslot_options* mailslot, size_t size)
{
    return guarded(__func__, 0, [&] { fill_structure(mailslot, size, usual_mailslot(), kMailslotBytes, "mailslot"); });
}

int ringside_open_with(uint64_t owner, char const* path, ringside_open_options const* options, ringside_file* file,
                       int32_t* status, uint64_t* information)
{
    return open(__func__, owner, CallCode::OpenWith, path, options, usual_open(), { file, status, information },
                nothing_to_write);
}

int ringside_create_pipe(uint64_t owner, char const* path, ringside_pipe_options const* pipe,
                         ringside_open_options const* options, ringside_file* file, int32_t* status,
                         uint64_t* information)
{
    return open(__func__, owner, CallCode::CreatePipe, path, options, usual_open_of_pipe(),
                { file, status, information }, [&](Message& message) {
                    auto const given = understood(pipe, usual_pipe(), kPipeBytes, "pipe");
                    for (uint32_t value : { given.type, given.read_mode, given.completion_mode, given.instances,
                                            given.inbound_quota, given.outbound_quota })
                        message.number(value);
                    message.number(given.timeout_seconds);
                });
}

int ringside_create_mailslot(uint64_t owner, char const* path, ringside_mailslot_options const* mailslot,
                             ringside_open_options const* options, ringside_file* file, int32_t* status,
                             uint64_t* information)
{
    return open(__func__, owner, CallCode::CreateMailslot, path, options, usual_open_of_mailslot(),
                { file, status, information }, [&](Message& message) {
                    auto const given = understood(mailslot, usual_mailslot(), kMailslotBytes, "mailslot");
                    message.number(given.quota);
                    message.number(given.message_bytes);
                    message.number(given.read_timeout_seconds);
                });
}
