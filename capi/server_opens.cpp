// SPDX-License-Identifier: MIT
// The server's calls that open files, and create named pipes and mailslots.
#include "server.h"

namespace ringside::capi {

namespace {

// Also false for what is no number. Negative ones have a meaning of their own.
bool is_time(double seconds) { return seconds >= -1e9 && seconds <= 1e9; }

struct Path {
    std::string_view text;
    uint32_t base; // the file that it begins at; 0: none
};

Path read_open(Reader& in, OpenOptions& options)
{
    auto const path = in.text();
    options.access = in.number<uint32_t>();
    options.share = in.number<uint32_t>();
    options.disposition = in.number<uint32_t>();
    options.options = in.number<uint32_t>();
    options.attributes = in.number<uint32_t>();
    options.synchronous = in.flag();
    options.case_sensitive = in.flag();
    options.allocation_size = in.number<int64_t>();
    options.ea = in.bytes();
    options.security = in.bytes();
    return { path, in.number<uint32_t>() };
}

PipeOptions read_pipe(Reader& in)
{
    PipeOptions pipe;
    pipe.type = in.number<uint32_t>();
    pipe.read_mode = in.number<uint32_t>();
    pipe.completion_mode = in.number<uint32_t>();
    pipe.instances = in.number<uint32_t>();
    pipe.inbound_quota = in.number<uint32_t>();
    pipe.outbound_quota = in.number<uint32_t>();
    pipe.timeout_seconds = in.number<double>();
    return pipe;
}

MailslotOptions read_mailslot(Reader& in)
{
    MailslotOptions mailslot;
    mailslot.quota = in.number<uint32_t>();
    mailslot.message_bytes = in.number<uint32_t>();
    mailslot.read_timeout_seconds = in.number<double>();
    return mailslot;
}

} // namespace

void Server::open(Reader& in)
{
    auto const owner = in.number<uint32_t>();
    auto const path = in.text();
    auto const access = in.number<uint32_t>();
    auto const share = in.number<uint32_t>();
    expect_whole(in);
    File file = client(owner).open(path, access, share);
    int32_t const status = file.status();
    // A file that was not opened has nothing to close and nothing to ask.
    m_reply.number(file.ok() ? m_files.add(std::move(file)) : 0);
    m_reply.number(status);
}

void Server::about_opens(CallCode call, Reader& in)
{
    if (call == CallCode::Open)
        return open(in);
    auto const owner = in.number<uint32_t>();
    OpenOptions options;
    Path const path = read_open(in, options);
    PipeOptions const pipe = call == CallCode::CreatePipe ? read_pipe(in) : PipeOptions {};
    MailslotOptions const mailslot = call == CallCode::CreateMailslot ? read_mailslot(in) : MailslotOptions {};
    expect_whole(in);
    if (!is_time(pipe.timeout_seconds) || !is_time(mailslot.read_timeout_seconds))
        throw Refused(RINGSIDE_BAD_ARGUMENT, "a time is a number of seconds up to 1e9");
    if (path.base)
        options.relative_to = &m_files.at(path.base, "file");
    Client opener = client(owner);
    File file = call == CallCode::OpenWith ? opener.open(path.text, options)
        : call == CallCode::CreatePipe     ? opener.create_pipe(path.text, pipe, options)
                                           : opener.create_mailslot(path.text, mailslot, options);
    int32_t const status = file.status();
    uint64_t const information = file.information();
    m_reply.number(file.ok() ? m_files.add(std::move(file)) : 0);
    m_reply.number(status);
    m_reply.number(information);
}

} // namespace ringside::capi
