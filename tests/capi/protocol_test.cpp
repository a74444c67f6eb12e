// SPDX-License-Identifier: MIT
// Bytes that make no sense, on both ends. The machine's process is given structured nonsense over the socket, and the
// library is given it by a program that only looks like Ringside: each time one clear end, never a crash, never a wait.
#include "capi.h"
#include "fake.h"

#include "capi/stream.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <random>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace ringside::test {
namespace {

using capi::CallCode;
using capi::Heard;
using capi::Message;
using capi::Reader;

// `ringside serve`, with its socket in our hands.
class Process {
public:
    Process()
    {
        int ends[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        EXPECT_EQ(pipe2(m_lifeline, O_CLOEXEC), 0);
        int const theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, 20);
        int const watched = fcntl(m_lifeline[0], F_DUPFD_CLOEXEC, 20);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, theirs, 3);
        posix_spawn_file_actions_adddup2(&actions, watched, 4);
        std::string program = RINGSIDE_PROGRAM_PATH;
        std::string verb = "serve";
        char* words[] = { program.data(), verb.data(), nullptr };
        EXPECT_EQ(posix_spawn(&m_child, program.c_str(), &actions, nullptr, words, environ), 0);
        posix_spawn_file_actions_destroy(&actions);
        for (int descriptor : { ends[1], theirs, watched })
            close(descriptor);
        m_socket = ends[0];
        stream.emplace(ends[0]);
    }
    ~Process()
    {
        if (m_child) {
            kill(m_child, SIGKILL);
            waitpid(m_child, nullptr, 0);
        }
        close(m_lifeline[0]);
        close(m_lifeline[1]);
    }
    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;

    void say(std::string_view bytes) { EXPECT_EQ(stream->send(std::as_bytes(std::span(bytes))), Heard::Message); }
    // The other side's reader gets all that was said, and then its end.
    void finish_speaking() { shutdown(m_socket, SHUT_WR); }
    // The result, or -1 if no reply came.
    int ask(Message& message)
    {
        if (stream->send(message.whole()) != Heard::Message || stream->receive(capi::kReplyMark) != Heard::Message)
            return -1;
        return static_cast<int>(stream->what());
    }
    // Its exit code, or minus the signal.
    int end()
    {
        int status = 0;
        EXPECT_EQ(waitpid(m_child, &status, 0), m_child);
        m_child = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    void boot()
    {
        Message message;
        message.begin(capi::kCallMark, static_cast<uint32_t>(CallCode::Hello));
        message.number(capi::kProtocolVersion);
        EXPECT_EQ(ask(message), RINGSIDE_OK);
        message.begin(capi::kCallMark, static_cast<uint32_t>(CallCode::Boot));
        write_boot(message);
        EXPECT_EQ(ask(message), RINGSIDE_OK) << words();
    }
    std::string words()
    {
        auto const payload = stream->payload();
        return { reinterpret_cast<char const*>(payload.data()), payload.size() };
    }
    static void write_boot(Message& message)
    {
        message.number<uint64_t>(1);
        message.number<uint32_t>(2);
        message.number<uint32_t>(1);
        message.number<uint8_t>(20); // the newest
        message.number<uint8_t>(2);
        message.number<uint32_t>(0);
        message.number<uint64_t>(0);
        message.number<uint32_t>(0);
        message.number<uint32_t>(0);
        message.flag(false);
        message.flag(false);
        message.number<uint32_t>(0);
        message.flag(false);
        message.number<double>(2);
        message.number<uint64_t>(uint64_t { 64 } << 20);
        message.text("");
        message.flag(false);
        message.number<uint64_t>(1024);
    }
    void load(char const* name)
    {
        Message message;
        message.begin(capi::kCallMark, static_cast<uint32_t>(CallCode::Load));
        message.text(driver_path(name));
        EXPECT_EQ(ask(message), RINGSIDE_OK) << words();
    }

    std::optional<capi::Stream> stream;

private:
    pid_t m_child = 0;
    int m_socket = -1;
    int m_lifeline[2] {};
};

} // namespace

// Streams of bytes that are no calls: another protocol, a length beyond all measure, two calls at once.
// Shows: one reply that says so, and exit code 1.
TEST(CProtocol, BytesThatAreNoCalls)
{
    std::string const long_length { "RSC1\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16 };
    std::string const hello { "RSC1\0\0\0\0\x04\0\0\0\0\0\0\0\x01\0\0\0", 20 };
    for (std::string const& bytes :
         { std::string("GET / HTTP/1.1\r\n\r\n"), long_length, hello + hello, std::string(100000, '\xCC') }) {
        Process process;
        process.say(bytes);
        ASSERT_EQ(process.stream->receive(capi::kReplyMark), Heard::Message);
        EXPECT_EQ(process.stream->what(), uint32_t { RINGSIDE_PROTOCOL });
        EXPECT_EQ(process.words(), "the bytes that came are no call");
        EXPECT_EQ(process.end(), 1);
    }
}

// A message that stops anywhere, and a gigabyte announced of which nothing comes.
// Shows: the end of the stream is the end of the process; a length alone reserves no memory.
TEST(CProtocol, MessagesThatStop)
{
    std::string const hello { "RSC1\0\0\0\0\x04\0\0\0\0\0\0\0\x01\0\0\0", 20 };
    std::string const gigabyte { "RSC1\0\0\0\0\0\0\0\x40\0\0\0\0", 16 };
    for (size_t size = 0; size < hello.size(); ++size) {
        Process process;
        process.say(std::string_view(hello).substr(0, size));
        process.finish_speaking();
        EXPECT_EQ(process.end(), 0) << size;
    }
    Process process;
    process.say(gigabyte + std::string(1000, 'x'));
    process.finish_speaking();
    EXPECT_EQ(process.end(), 0);
}

// Started by hand, without the library's descriptors.
TEST(CProtocol, ServeIsNotForPeople)
{
    FILE* said = popen(RINGSIDE_PROGRAM_PATH " serve 3<&- 4<&- 2>&1", "r");
    ASSERT_NE(said, nullptr);
    char line[200] {};
    EXPECT_NE(fgets(line, sizeof line, said), nullptr);
    EXPECT_EQ(std::string(line).rfind("ringside: serve is for Ringside's library", 0), 0u) << line;
    EXPECT_EQ(WEXITSTATUS(pclose(said)), 1);
}

// Calls out of order, unknown ones, another version, a second machine.
TEST(CProtocol, CallsThatMakeNoSense)
{
    Process process;
    Message message;
    message.begin(capi::kCallMark, static_cast<uint32_t>(CallCode::Settle));
    EXPECT_EQ(process.ask(message), RINGSIDE_PROTOCOL);
    EXPECT_EQ(process.words(), "no machine was booted");
    message.begin(capi::kCallMark, capi::kCallCount);
    EXPECT_EQ(process.ask(message), RINGSIDE_PROTOCOL);
    message.begin(capi::kCallMark, static_cast<uint32_t>(CallCode::Hello));
    message.number<uint32_t>(capi::kProtocolVersion + 1);
    EXPECT_EQ(process.ask(message), RINGSIDE_PROTOCOL);
    EXPECT_NE(process.words().find("version"), std::string::npos);
    process.boot();
    message.begin(capi::kCallMark, static_cast<uint32_t>(CallCode::Boot));
    Process::write_boot(message);
    EXPECT_EQ(process.ask(message), RINGSIDE_PROTOCOL);
    EXPECT_EQ(process.words(), "a machine was booted already");
    // Every call with arguments that are not its own: a number among them may be what is complained of first.
    for (uint32_t call = 0; call < capi::kCallCount; ++call) {
        if (static_cast<CallCode>(call) == CallCode::Close)
            continue;
        message.begin(capi::kCallMark, call);
        message.text("more than anybody asked for, and then some");
        message.number<uint64_t>(7);
        message.number<uint64_t>(7);
        message.number<uint64_t>(7);
        message.number<uint64_t>(7);
        int const result = process.ask(message);
        EXPECT_TRUE(result == RINGSIDE_PROTOCOL || result == RINGSIDE_BAD_ARGUMENT) << call << ": " << result;
    }
    message.begin(capi::kCallMark, static_cast<uint32_t>(CallCode::Close));
    EXPECT_EQ(process.ask(message), RINGSIDE_OK);
    EXPECT_EQ(process.end(), 0);
}

namespace {

// Each call's fields in their order: i an object, c a control code, u 32 bits, q 64 bits, t text or bytes, b a byte,
// m a major function, s a small number, e text that is seldom there, j an object or none. "-": not drawn.
constexpr char const* kShapes[] = {
    "u",    "-",   "-", // Hello, Boot, Close
    "t",    "ttt", "i",    "i",    "i", // drivers
    "tt",   "t",   "t",    "tt",   "t", // registry
    "tu",   "iu",  "i", // clients
    "ituu", "i",   "ictq", "ictt", "iqq", "itq", "ictq", "iqq", "itq", // files
    "i",    "i",   "iq",   "iq",   "i", // requests
    "",     "q",   "",     "",     "",    "",    "q",    "",    "", // time, views, the end
    "ituuuuubbqtti", "ituuuuubbqttiuuuuuuq", "ituuuuubbqttiuuq", // opens
    "imsusuteqqtjq", "imsusuteqqtjqjqq", // any request
    "ii",   "i",   "iu",   "i",    "i",   "i", // files, requests
    "i",    "i",   "i",    "i",    "iqb", "i",   "iu", // threads
    "ibb",  "i",   "i",    "i",    "i",   "i",   "i", // events
    "iu",   "iiq", "iiq",  "iqqq", "i",   "i",   "", // ports, shutdown
};
static_assert(std::size(kShapes) == capi::kCallCount);

class Drawing {
public:
    explicit Drawing(unsigned seed)
        : m_random(seed)
    {
    }
    unsigned below(unsigned limit) { return static_cast<unsigned>(m_random() % limit); }

    void field(Message& message, char kind)
    {
        static uint64_t const numbers[] = { 0,
                                            1,
                                            2,
                                            3,
                                            7,
                                            255,
                                            256,
                                            4096,
                                            0x7FFFFFFF,
                                            0x80000000,
                                            0xFFFFFFFF,
                                            uint64_t { 1 } << 30,
                                            (uint64_t { 1 } << 30) + 1,
                                            uint64_t { 1 } << 63,
                                            ~uint64_t { 0 },
                                            0x3FF0000000000000 }; // the last is 1.0 second
        static std::string const texts[]
            = { "",
                "x",
                kIoctlDevice,
                kWildDevice,
                "HKLM\\SOFTWARE",
                "HKLM",
                R"(\??\C:\)",
                "\xff\xfe",
                "a=dword:1",
                driver_path("ends"),
                "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\A]\r\n",
                R"(\Device\RingsideIoctl\x)",
                std::string(3000, 'q'),
                "regf" };
        switch (kind) {
        case 'i':
            return message.number<uint32_t>(below(6)); // one that exists, often
        case 'c':
            // Codes of both drivers, but for those that end the process on purpose.
            return message.number<uint32_t>(below(3) ? IOCTL_RINGSIDE_REVERSE + below(16) : IOCTL_WILD_KEEP);
        case 'm': {
            static uint32_t const majors[] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17, 20, 21, 25, 26, 0, 256 };
            return message.number(majors[below(std::size(majors))]);
        }
        case 's':
            return message.number<uint32_t>(below(20) ? below(3) : 300);
        case 'e':
            return message.text(below(4) ? "" : "contents");
        case 'j':
            return message.number<uint32_t>(below(2) ? 0 : below(3));
        case 'u':
            return message.number(static_cast<uint32_t>(numbers[below(std::size(numbers))]));
        case 'q':
            return message.number(numbers[below(std::size(numbers))]);
        case 'b':
            return message.number(static_cast<uint8_t>(m_random()));
        default:
            if (below(3) == 0)
                return message.text(below(2) ? kIoctlDevice : kWildDevice);
            return message.text(texts[below(std::size(texts))]);
        }
    }
    // Half of them have the call's own fields; in the others one is changed, or they are anything.
    void fields(Message& message, std::string shape)
    {
        unsigned const how = below(4);
        if (how == 2 && !shape.empty())
            shape[below(static_cast<unsigned>(shape.size()))] = "icuqtbmsej"[below(10)];
        if (how == 3) {
            shape.resize(below(6));
            for (char& kind : shape)
                kind = "icuqtbmsej"[below(10)];
        }
        for (char kind : shape)
            field(message, kind);
    }

private:
    std::minstd_rand m_random;
};

} // namespace

// Calls whose fields are drawn from a seed: many that fit, with objects that exist and numbers at their ends, many that
// do not. Two drivers are there to be asked, and more are loaded by chance.
// Shows: every call gets its reply; the machine's process lives through all of it and leaves by itself.
TEST(CProtocol, DrawnCalls)
{
    char const* const more = std::getenv("RINGSIDE_SEEDS");
    int const rounds = more ? std::atoi(more) : 24;
    int well[capi::kCallCount] {};
    for (int round = 1; round <= rounds; ++round) {
        Drawing drawing(static_cast<unsigned>(round) * 7919);
        Process process;
        process.boot();
        process.load("ioctl");
        process.load("wild");
        Message message;
        for (char const* device : { kIoctlDevice, kWildDevice, kWildDevice }) {
            message.begin(capi::kCallMark, static_cast<uint32_t>(CallCode::Open));
            message.number<uint32_t>(0);
            message.text(device);
            message.number(RINGSIDE_READ_WRITE);
            message.number(RINGSIDE_SHARE_ALL);
            EXPECT_EQ(process.ask(message), RINGSIDE_OK);
        }
        for (CallCode makes : { CallCode::ThreadStart, CallCode::EventCreate, CallCode::PortCreate }) {
            message.begin(capi::kCallMark, static_cast<uint32_t>(makes));
            message.number<uint32_t>(0);
            if (makes == CallCode::PortCreate)
                message.number<uint32_t>(0);
            for (int flags = makes == CallCode::EventCreate ? 2 : 0; flags > 0; --flags)
                message.flag(false);
            EXPECT_EQ(process.ask(message), RINGSIDE_OK);
        }
        for (int calls = 0; calls < 500; ++calls) {
            uint32_t const call = drawing.below(capi::kCallCount);
            // The end of a run would leave nothing to ask.
            if (*kShapes[call] == '-' || (static_cast<CallCode>(call) == CallCode::Finish && calls < 450))
                continue;
            message.begin(capi::kCallMark, call);
            drawing.fields(message, kShapes[call]);
            int const result = process.ask(message);
            ASSERT_GE(result, 0) << "round " << round << ", call " << call;
            ASSERT_NE(result, RINGSIDE_OUR_BUG) << process.words();
            well[call] += result == RINGSIDE_OK;
        }
        message.begin(capi::kCallMark, static_cast<uint32_t>(CallCode::Close));
        EXPECT_EQ(process.ask(message), RINGSIDE_OK);
        EXPECT_EQ(process.end(), 0);
    }
    // What was drawn reaches the machine. (No image and no hive is drawn.)
    for (uint32_t call = 0; call < capi::kCallCount; ++call)
        if (*kShapes[call] != '-' && static_cast<CallCode>(call) != CallCode::LoadMemory
            && static_cast<CallCode>(call) != CallCode::LoadHive)
            EXPECT_GT(well[call], 0) << capi::kCallWords[call] << ' ' << call;
}

namespace {

// Every function once, as a caller would; what the fake answers may be anything.
void call_everything(ringside_machine machine)
{
    uint64_t const m = machine & 0x00FFFFFF00000000;
    ringside_driver driver = m | uint64_t { 3 } << 56 | 1;
    ringside_client client = m | uint64_t { 2 } << 56 | 1;
    ringside_file file = m | uint64_t { 4 } << 56 | 1;
    ringside_request request = m | uint64_t { 5 } << 56 | 1;
    uint64_t handle = 0;
    int32_t status = 0;
    int flag = 0;
    char bytes[64];
    ringside_reply reply {};
    ringside_report report {};
    report.size = sizeof report;
    ringside_driver_info info { sizeof info, 0, 0, 0 };
    auto text = [](auto function, uint64_t of) {
        char* got = nullptr;
        (void)function(of, &got);
        ringside_free(got);
    };
    (void)ringside_load(machine, "x.sys", &handle, &status);
    (void)ringside_load_memory(machine, "x.sys", "MZ", 2, nullptr, &handle, &status);
    (void)ringside_driver_get_info(driver, &info);
    text(ringside_driver_name, driver);
    text(ringside_driver_imports, driver);
    (void)ringside_set_registry_value(machine, "a", "b=dword:1");
    char* exported = nullptr;
    (void)ringside_export_registry(machine, "HKLM", &exported);
    ringside_free(exported);
    void* hive = nullptr;
    size_t hive_bytes = 0;
    (void)ringside_save_hive(machine, "HKLM", &hive, &hive_bytes);
    ringside_free(hive);
    (void)ringside_client_start(machine, "a", 1, &handle, &status);
    (void)ringside_client_running(client, &flag);
    (void)ringside_open(client, "a", 0, 0, &handle, &status);
    (void)ringside_ioctl(file, 1, "in", 2, bytes, sizeof bytes, &reply);
    (void)ringside_read(file, bytes, 8, 0, &reply);
    (void)ringside_write(file, "in", 2, 0, &reply);
    (void)ringside_start_read(file, 8, 0, &handle);
    (void)ringside_request_done(request, &flag);
    (void)ringside_request_wait(request, bytes, 3, &reply);
    ringside_thread thread = m | uint64_t { 6 } << 56 | 1;
    ringside_event event = m | uint64_t { 7 } << 56 | 1;
    ringside_port port = m | uint64_t { 8 } << 56 | 1;
    ringside_packet packet {};
    ringside_io io {};
    io.size = sizeof io;
    io.major = RINGSIDE_MAJOR_READ;
    uint64_t number = 0;
    (void)ringside_open_with(client, "a", nullptr, &handle, &status, &number);
    (void)ringside_create_pipe(client, "a", nullptr, nullptr, &handle, &status, nullptr);
    (void)ringside_do_io(file, &io, bytes, 3, &reply);
    io.callback = [](void*, int, ringside_reply const*, void const*) { };
    (void)ringside_start_io(file, &io, 3, &handle);
    (void)ringside_file_cancel_all(file, &status);
    (void)ringside_file_signalled(file, &flag);
    (void)ringside_request_status(request, &status, &status, &number);
    (void)ringside_thread_start(client, &handle, &status);
    (void)ringside_thread_sleep(thread, 1, 1, &status);
    (void)ringside_event_create(client, 0, 0, &handle, &status);
    (void)ringside_event_wait(event, &flag);
    (void)ringside_event_set(event);
    (void)ringside_port_create(client, 0, &handle, &status);
    (void)ringside_port_get(port, thread, 1, &packet);
    (void)ringside_port_waiting(port, &number);
    (void)ringside_settle(machine, &flag);
    (void)ringside_crashed(machine, &flag);
    text(ringside_devices, machine);
    text(ringside_pending, machine);
    (void)ringside_log_hash(machine, &handle);
    (void)ringside_finish(machine, &report);
    text(ringside_report_json, machine);
    (void)ringside_expect_quiet(machine);
    (void)ringside_unload(driver, &status);
    (void)ringside_last_error(machine);
}

} // namespace

// A program that answers every call with nothing, or with too much, in place of the results.
// Shows: RINGSIDE_PROTOCOL for every function that has results, and RINGSIDE_DIED from then on.
TEST(CProtocol, AnswersThatDoNotFit)
{
    std::string const program = fake_program();
    for (char const* what : { "empty", "long" }) {
        Faking faking(what);
        ringside_options options = usual();
        options.program = program.c_str();
        for (int function = 0; function < 4; ++function) {
            Booted machine(options);
            uint64_t hash = 77;
            int flag = 77;
            ringside_reply reply { 77, 0, 77, 77 };
            char byte;
            uint64_t const file = (machine.handle & 0x00FFFFFF00000000) | uint64_t { 4 } << 56 | 1;
            int const result = function == 0 ? ringside_log_hash(machine.handle, &hash)
                : function == 1              ? ringside_crashed(machine.handle, &flag)
                : function == 2              ? ringside_finish(machine.handle, nullptr)
                                             : ringside_ioctl(file, 1, nullptr, 0, &byte, 1, &reply);
            EXPECT_EQ(result, RINGSIDE_PROTOCOL) << what << function;
            EXPECT_NE(error(machine.handle).find("does not fit it"), std::string::npos) << error(machine.handle);
            EXPECT_EQ(hash, 77u);
            EXPECT_EQ(flag, 77);
            EXPECT_EQ(reply.bytes, 77u);
            EXPECT_EQ(ringside_settle(machine.handle, nullptr), RINGSIDE_DIED);
        }
    }
}

// A program that tells of callbacks that nobody waits for, of one twice, of more than it says or than fits the buffer; one
// that claims what only the library can know; and one that tells rightly.
// Shows: the callback is called once, as it was told, or with RINGSIDE_PROTOCOL; the call fails with the same, and the
// process is killed; whoever tells rightly is believed.
TEST(CProtocol, CallbacksThatNobodyWaitsFor)
{
    struct Heard {
        int calls = 0;
        int result = -1;
        std::string bytes;
    };
    struct Case {
        char const* fake;
        int result;
        int told;
    } const cases[] = {
        { "told:right", RINGSIDE_OK, RINGSIDE_OK },
        { "told:unknown", RINGSIDE_PROTOCOL, RINGSIDE_PROTOCOL },
        { "told:twice", RINGSIDE_PROTOCOL, RINGSIDE_OK },
        { "told:long", RINGSIDE_PROTOCOL, RINGSIDE_PROTOCOL },
        { "told:short", RINGSIDE_PROTOCOL, RINGSIDE_PROTOCOL },
        { "told:none", RINGSIDE_PROTOCOL, RINGSIDE_PROTOCOL },
        { "told:claim", RINGSIDE_PROTOCOL, RINGSIDE_PROTOCOL },
    };
    std::string const program = fake_program();
    for (Case const& one : cases) {
        SCOPED_TRACE(one.fake);
        Faking faking(one.fake);
        ringside_options options = usual();
        options.program = program.c_str();
        Booted machine(options);
        Heard heard;
        ringside_io io {};
        io.size = sizeof io;
        io.major = RINGSIDE_MAJOR_READ;
        io.callback = [](void* context, int result, ringside_reply const* reply, void const* bytes) {
            auto& to = *static_cast<Heard*>(context);
            ++to.calls;
            to.result = result;
            if (reply)
                to.bytes.assign(static_cast<char const*>(bytes), reply->bytes);
        };
        io.callback_context = &heard;
        ringside_request request = 0;
        uint64_t const file = (machine.handle & 0x00FFFFFF00000000) | uint64_t { 4 } << 56 | 1;
        ASSERT_EQ(ringside_start_io(file, &io, 4, &request), RINGSIDE_OK) << error();
        EXPECT_EQ(heard.calls, 0);
        int quiet = 77;
        EXPECT_EQ(ringside_settle(machine.handle, &quiet), one.result) << error();
        EXPECT_EQ(quiet, one.result == RINGSIDE_OK ? 1 : 77);
        EXPECT_EQ(heard.calls, 1);
        EXPECT_EQ(heard.result, one.told);
        EXPECT_EQ(heard.bytes, one.told == RINGSIDE_OK ? "abc" : "");
        if (one.result != RINGSIDE_OK)
            EXPECT_EQ(ringside_crashed(machine.handle, &quiet), RINGSIDE_DIED);
        machine.close();
        EXPECT_EQ(heard.calls, 1);
    }
}

// A program whose answers are drawn from a seed.
// Shows: the library lives through all of them.
TEST(CProtocol, DrawnAnswers)
{
    std::string const program = fake_program();
    for (int seed = 1; seed <= 60; ++seed) {
        Faking faking("random:" + std::to_string(seed));
        ringside_options options = usual();
        options.program = program.c_str();
        Booted machine(options);
        call_everything(machine.handle);
    }
}

} // namespace ringside::test
