// SPDX-License-Identifier: MIT
#include "fake.h"

#include "capi/stream.h"

#include <ringside.h>

#include <gtest/gtest.h>

#include <climits>
#include <cstdlib>
#include <random>
#include <string_view>
#include <unistd.h>

namespace ringside::test {

namespace {

constexpr char const* kVariable = "RINGSIDE_TEST_FAKE";
constexpr int kSocket = 3;

using capi::CallCode;
using capi::Heard;
using capi::Message;

bool say(std::string_view bytes) { return write(kSocket, bytes.data(), bytes.size()) > 0; }

// Well formed: a result, and a payload of random fields, some of which fit what the library expects.
void random_reply(Message& reply, std::minstd_rand& random)
{
    static uint32_t const results[] = { 0, 0, 0, 0, 0, 1, 5, RINGSIDE_DIED, RINGSIDE_OUR_BUG };
    reply.begin(capi::kReplyMark, results[random() % std::size(results)], random() % 8 ? 0 : random() % 3);
    for (unsigned fields = random() % 5; fields > 0; --fields)
        switch (random() % 5) {
        case 0:
            reply.number<uint8_t>(static_cast<uint8_t>(random()));
            break;
        case 1:
            reply.number<uint32_t>(static_cast<uint32_t>(random()));
            break;
        case 2:
            reply.number<uint64_t>(random() % 2 ? ~uint64_t { 0 } - random() : random());
            break;
        case 3:
            reply.text(std::string(random() % 100, 'x'));
            break;
        default:
            reply.text(std::string(random() % 3, '\0'));
        }
}

void tell(Message& reply, uint64_t token, std::string_view bytes)
{
    reply.number(token);
    reply.number<int32_t>(0);
    reply.number<uint64_t>(bytes.size());
    reply.text(bytes);
}

// The answer to settling, with what is told before it.
void tell_of_callbacks(Message& reply, std::string_view how)
{
    if (how == "claim")
        return reply.begin(capi::kReplyMark, RINGSIDE_DIED);
    reply.begin(capi::kReplyMark, RINGSIDE_OK, how == "short" ? 3 : how == "twice" ? 2 : 1);
    if (how == "unknown")
        tell(reply, 77, "abc");
    else if (how == "long")
        tell(reply, 1, "abcdefgh");
    else if (how != "none")
        tell(reply, 1, "abc");
    if (how == "twice")
        tell(reply, 1, "abc");
    reply.flag(true);
}

int answer_calls(std::string_view what)
{
    capi::Stream stream(kSocket);
    std::minstd_rand random(what.starts_with("random:") ? std::strtoul(what.data() + 7, nullptr, 10) : 1);
    Message reply;
    while (stream.receive(capi::kCallMark) == Heard::Message) {
        reply.begin(capi::kReplyMark, RINGSIDE_OK);
        auto const call = static_cast<CallCode>(stream.what());
        if (call == CallCode::Hello)
            reply.number(capi::kProtocolVersion);
        else if (call != CallCode::Boot && what.starts_with("random:"))
            random_reply(reply, random);
        else if (what.starts_with("told:") && call == CallCode::StartIo) {
            reply.number<uint32_t>(1);
            reply.number<int32_t>(0x103);
        } else if (what.starts_with("told:") && call == CallCode::Settle)
            tell_of_callbacks(reply, what.substr(5));
        else if (call != CallCode::Boot && what == "long")
            reply.text(std::string(5000, 'y'));
        if (stream.send(reply.whole()) != Heard::Message)
            break;
    }
    return 0;
}

} // namespace

std::string fake_program()
{
    char path[PATH_MAX] {};
    return readlink("/proc/self/exe", path, sizeof path - 1) > 0 ? path : "";
}

Faking::Faking(std::string const& what) { setenv(kVariable, what.c_str(), 1); }
Faking::~Faking() { unsetenv(kVariable); }

int fake_serve()
{
    std::string const what = std::getenv(kVariable) ? std::getenv(kVariable) : "";
    std::string const header { "RSR1\0\0\0\0\x04\0\0\0\0\0\0\0", 16 };
    char byte;
    if (what == "garbage")
        say("HTTP/1.1 400 Bad Request\r\n\r\n");
    else if (what == "half") {
        say(header + "ab");
        return 7;
    } else if (what == "huge")
        say(std::string { "RSR1\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f", 16 });
    else if (what == "two")
        say(header + "abcd" + header + "abcd");
    else if (what == "result")
        say(std::string { "RSR1\x63\0\0\0\0\0\0\0\0\0\0\0", 16 });
    else if (what == "refuse")
        say(std::string { "RSR1\x0a\0\0\0\x0f\0\0\0\0\0\0\0", 16 } + "another version");
    else if (what != "silent")
        return answer_calls(what);
    while (read(kSocket, &byte, 1) > 0) { }
    return 0;
}

} // namespace ringside::test

int main(int count, char** words)
{
    if (count == 2 && std::string_view(words[1]) == "serve")
        return ringside::test::fake_serve();
    testing::InitGoogleTest(&count, words);
    return RUN_ALL_TESTS();
}
