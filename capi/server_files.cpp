// SPDX-License-Identifier: MIT
// The server's calls on client processes, on files in their short forms, and on requests.
#include "server.h"

namespace ringside::capi {

void Server::about_clients(CallCode call, Reader& in)
{
    if (call == CallCode::ClientStart) {
        auto name = in.text();
        auto account = in.number<uint32_t>();
        expect_whole(in);
        bool const is_32bit = account & RINGSIDE_CLIENT_32BIT;
        account &= ~RINGSIDE_CLIENT_32BIT;
        if (account > RINGSIDE_ACCOUNT_USER)
            throw Refused(RINGSIDE_BAD_ARGUMENT, "account is none of ringside_account");
        Client client = machine().client(name, { .account = static_cast<Account>(account), .is_32bit = is_32bit });
        int32_t const status = client.status();
        m_reply.number(m_clients.add(std::move(client)));
        m_reply.number(status);
        return;
    }
    auto number = in.number<uint32_t>();
    if (call == CallCode::ClientRunning) {
        expect_whole(in);
        return m_reply.flag(m_clients.at(number, "client").running());
    }
    auto status = in.number<int32_t>();
    expect_whole(in);
    m_clients.at(number, "client").end(status);
}

void Server::about_files(CallCode call, Reader& in)
{
    auto number = in.number<uint32_t>();
    // A thread or modes; the others have none.
    auto more = call == CallCode::FileCancel || call == CallCode::FileSkipNotification ? in.number<uint32_t>() : 0;
    expect_whole(in);
    File& file = m_files.at(number, "file");
    switch (call) {
    case CallCode::FileCancel:
        return m_reply.number(more ? file.on(m_threads.at(more, "thread")).cancel() : file.cancel());
    case CallCode::FileCancelAll:
        return m_reply.number(file.cancel_all());
    case CallCode::FileSkipNotification:
        return m_reply.number(file.skip_notification(more));
    case CallCode::FileSignalled:
        return m_reply.flag(file.signalled());
    default:
        file.close();
        return m_files.remove(number);
    }
}

void Server::about_short_io(CallCode call, Reader& in)
{
    auto number = in.number<uint32_t>();
    bool const is_ioctl = call == CallCode::Ioctl || call == CallCode::IoctlWithBuffer || call == CallCode::StartIoctl;
    bool const is_read = call == CallCode::Read || call == CallCode::StartRead;
    uint32_t const code = is_ioctl ? in.number<uint32_t>() : 0;
    std::span<std::byte const> const given = is_read ? std::span<std::byte const> {} : in.bytes();
    std::span<std::byte const> const second
        = call == CallCode::IoctlWithBuffer ? in.bytes() : std::span<std::byte const> {};
    uint64_t const wanted = is_read || call == CallCode::Ioctl || call == CallCode::StartIoctl ? room(in) : 0;
    uint64_t const offset = is_ioctl ? 0 : in.number<uint64_t>();
    expect_whole(in);
    File& file = m_files.at(number, "file");
    switch (call) {
    case CallCode::Ioctl:
        return tell(file.ioctl(code, given, wanted), wanted);
    case CallCode::IoctlWithBuffer:
        return tell(file.ioctl_with_buffer(code, given, second), 0);
    case CallCode::Read:
        return tell(file.read(wanted, offset), wanted);
    case CallCode::Write:
        return tell(file.write(given, offset), 0);
    case CallCode::StartIoctl:
        return m_reply.number(m_requests.add(file.start_ioctl(code, given, wanted)));
    case CallCode::StartRead:
        return m_reply.number(m_requests.add(file.start_read(wanted, offset)));
    default:
        return m_reply.number(m_requests.add(file.start_write(given, offset)));
    }
}

void Server::about_requests(CallCode call, Reader& in)
{
    auto number = in.number<uint32_t>();
    uint64_t const wanted = call == CallCode::RequestWait || call == CallCode::RequestReply ? room(in) : 0;
    expect_whole(in);
    Request& request = m_requests.at(number, "request");
    switch (call) {
    case CallCode::RequestDone:
        return m_reply.flag(request.done());
    case CallCode::RequestCancel:
        (void)request.cancel();
        return;
    case CallCode::RequestCancelEx:
        return m_reply.number(request.cancel());
    case CallCode::RequestStatus: {
        Reply const block = request.status_block();
        m_reply.number(request.returned());
        m_reply.number(block.status);
        return m_reply.number(block.information);
    }
    case CallCode::RequestWait:
        return tell(request.wait(), wanted);
    case CallCode::RequestReply:
        return tell(request.reply(), wanted);
    default:
        return m_requests.remove(number);
    }
}

} // namespace ringside::capi
