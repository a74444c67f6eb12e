// SPDX-License-Identifier: MIT
#include "hosted.h"

#include "server.h"

#include <fmt/format.h>
#include <map>
#include <unistd.h>

namespace ringside::capi {

namespace {

constexpr uint32_t kMachinesMax = (1 << 24) - 1;

struct AllHosted {
    std::mutex lock;
    std::map<uint32_t, std::shared_ptr<Hosted>> machines;
    uint32_t last = 0;
};

// Never destroyed: a thread of the caller's may still be in a call while the process ends. The machines' processes end
// with it by themselves.
AllHosted& all()
{
    static AllHosted& machines = *new AllHosted;
    return machines;
}

std::string& thread_error()
{
    static thread_local std::string words;
    return words;
}

// What a dead process can say no more: with the calls up to this one, it leads here again.
std::string repeat_words(Hosted const& hosted)
{
    std::string words = "ringside run";
    for (std::string const& driver : hosted.drivers)
        words += " " + driver;
    return fmt::format("; the machine was that of: {}{}", words, hosted.repeat);
}

} // namespace

char const* kind_name(Kind kind)
{
    switch (kind) {
    case Kind::Machine:
        return "a machine";
    case Kind::Client:
        return "a client";
    case Kind::Driver:
        return "a driver";
    case Kind::File:
        return "a file";
    case Kind::Request:
        return "a request";
    case Kind::Thread:
        return "a thread";
    case Kind::Event:
        return "an event";
    case Kind::Port:
        return "a port";
    }
    return "none of Ringside's";
}

uint64_t make_handle(Kind kind, uint32_t machine, uint32_t number)
{
    return uint64_t { static_cast<uint8_t>(kind) } << 56 | uint64_t { machine } << 32 | number;
}

std::shared_ptr<Hosted> add_hosted(std::shared_ptr<Link> link)
{
    auto hosted = std::make_shared<Hosted>();
    hosted->process = getpid();
    hosted->thread = std::this_thread::get_id();
    hosted->one_thread = link->one_thread();
    hosted->link = std::move(link);
    std::lock_guard held(all().lock);
    if (all().last == kMachinesMax)
        throw Refused(RINGSIDE_BAD_USE, "this process has booted 16777215 machines, and there are no more numbers");
    hosted->number = ++all().last;
    all().machines.emplace(hosted->number, hosted);
    return hosted;
}

std::shared_ptr<Hosted> find_hosted(uint32_t machine)
{
    std::lock_guard held(all().lock);
    auto found = all().machines.find(machine);
    if (found == all().machines.end() || found->second->process != getpid())
        return nullptr;
    return found->second;
}

void remove_hosted(uint32_t machine)
{
    std::shared_ptr<Hosted> goes; // not under the lock
    std::lock_guard held(all().lock);
    auto found = all().machines.find(machine);
    if (found == all().machines.end())
        return;
    goes = std::move(found->second);
    all().machines.erase(found);
}

void keep_error(uint64_t handle, std::string const& words)
{
    thread_error() = words;
    if (auto hosted = find_hosted(machine_of(handle))) {
        std::lock_guard held(hosted->error_lock);
        hosted->error = words;
    }
}

char const* last_error(uint64_t machine)
{
    static thread_local std::string shown;
    auto hosted = machine ? find_hosted(machine_of(machine)) : nullptr;
    if (hosted) {
        std::lock_guard held(hosted->error_lock);
        shown = hosted->error;
    } else
        shown = thread_error();
    return shown.c_str();
}

Exchange::Exchange(uint64_t handle, Kind kind)
    : m_number(number_of(handle))
{
    if (!is_kind(handle, kind))
        throw Refused(RINGSIDE_BAD_HANDLE,
                      fmt::format("the handle 0x{:x} is {}, not {}", handle,
                                  handle ? kind_name(static_cast<Kind>(handle >> 56)) : "0", kind_name(kind)));
    m_hosted = find_hosted(machine_of(handle));
    if (!m_hosted || (kind == Kind::Machine && m_number != 0))
        throw Refused(RINGSIDE_BAD_HANDLE, fmt::format("the handle 0x{:x} is of no machine that lives", handle));
    if (m_hosted->one_thread && m_hosted->thread != std::this_thread::get_id())
        throw Refused(RINGSIDE_WRONG_THREAD, "a machine in_process takes calls only from the thread that booted it");
    m_held = std::unique_lock(m_hosted->lock);
    if (!m_hosted->link)
        throw Refused(RINGSIDE_BAD_HANDLE, fmt::format("the handle 0x{:x} is of a machine that was closed", handle));
}

Message& Exchange::begin(CallCode call)
{
    m_call = call;
    m_hosted->message.begin(kCallMark, static_cast<uint32_t>(call));
    return m_hosted->message;
}

Reader& Exchange::send()
{
    Answer answer = m_hosted->link->exchange(m_call, m_hosted->message);
    take_told(answer);
    if (answer.result == RINGSIDE_DIED || answer.result == RINGSIDE_TIMED_OUT)
        answer.words += repeat_words(*m_hosted);
    if (answer.result != RINGSIDE_OK)
        throw Refused(answer.result, answer.words);
    m_reply = Reader(answer.payload);
    return m_reply;
}

void Exchange::take_told(Answer const& answer)
{
    for (Told const& told : answer.told)
        if (!m_hosted->callbacks.told(m_hosted->number, told))
            nonsense();
    if (answer.dead)
        m_hosted->callbacks.no_more(m_hosted->number, answer.result);
}

void Exchange::expect_whole()
{
    if (!m_reply.whole())
        nonsense();
}

void Exchange::nonsense()
{
    m_hosted->link->kill();
    m_hosted->callbacks.no_more(m_hosted->number, RINGSIDE_PROTOCOL);
    throw Refused(RINGSIDE_PROTOCOL,
                  fmt::format("the answer to {} does not fit it, and the machine's process was killed",
                              kCallWords[static_cast<uint32_t>(m_call)]));
}

} // namespace ringside::capi
