// SPDX-License-Identifier: MIT
// Reads and checks .pdata and .xdata.
#include "ldr/pe_exceptions.h"

#include <unordered_map>

namespace ringside::ldr {

namespace {

// How many slots an unwind operation takes; 0: there is no such operation in this version.
unsigned slots_of(uint8_t operation, uint8_t info, uint8_t version)
{
    // Operation 6 describes an epilogue; machine frames (10) come with an error code or without.
    static constexpr uint8_t kSlots[16] = { 1, 0, 1, 1, 2, 3, 1, 0, 2, 3, 1 };
    if (operation == 1) // allocate a large area
        return info == 0 ? 2 : info == 1 ? 3 : 0;
    if ((operation == 6 && version != 2) || (operation == 10 && info > 1))
        return 0;
    return kSlots[operation];
}

Refusal check_codes(std::span<std::byte const> codes, uint64_t rva, uint8_t version)
{
    unsigned count = unsigned(codes.size() / sizeof(pe::UnwindCode));
    for (unsigned i = 0; i < count;) {
        auto code = value_at<pe::UnwindCode>(codes, i * sizeof(pe::UnwindCode));
        uint8_t operation = code.operation_and_info & 15, info = code.operation_and_info >> 4;
        unsigned slots = slots_of(operation, info, version);
        if (slots == 0)
            return refuse("the unwind information at {:#x} uses the unknown operation {} ({})", rva, operation, info);
        if (slots > count - i)
            return refuse("the unwind information at {:#x} ends inside an operation", rva);
        i += slots;
    }
    return {};
}

bool is_function(ImageView const& image, pe::RuntimeFunction const& function)
{
    if (function.begin >= function.end)
        return false;
    Section const* section = image.section_at(function.begin, function.end - function.begin);
    return section && section->execute;
}

// Checks one piece of unwind information. next becomes the address of the piece it is chained to, or 0.
Refusal check_piece(ImageView const& image, uint64_t rva, uint64_t& next)
{
    next = 0;
    if (rva == 0)
        return refuse("an entry of the function table names no unwind information");
    if (rva & 1) {
        auto other = image.read<pe::RuntimeFunction>(rva & ~1ull);
        if (!other)
            return refuse("the shared unwind entry at {:#x} is not inside a section", rva & ~1ull);
        next = other->unwind;
        return next ? Refusal() : refuse("the shared unwind entry at {:#x} names no unwind information", rva & ~1ull);
    }
    if (rva % 4 != 0)
        return refuse("the unwind information at {:#x} is not aligned to 4 bytes", rva);
    auto head_bytes = image.bytes(rva, sizeof(pe::UnwindHeader));
    if (!head_bytes)
        return refuse("the unwind information at {:#x} is not inside a section's bytes", rva);
    auto head = value_at<pe::UnwindHeader>(*head_bytes, 0);
    uint8_t version = head.version_and_flags & 7, flags = head.version_and_flags >> 3;
    if (version != 1 && version != 2)
        return refuse("the unwind information at {:#x} has the unknown version {}", rva, version);
    uint64_t codes_size = head.count_of_codes * sizeof(pe::UnwindCode);
    // Fetched together with the header: without codes the section may end right behind it, as in WinDivert64.sys.
    auto piece = image.bytes(rva, sizeof(pe::UnwindHeader) + codes_size);
    if (!piece)
        return refuse("the unwind information at {:#x} reaches beyond its section's bytes", rva);
    if (auto bad = check_codes(piece->subspan(sizeof(pe::UnwindHeader)), rva, version))
        return bad;
    // The number of slots is padded to an even one.
    uint64_t tail_rva = rva + sizeof(pe::UnwindHeader) + round_up(codes_size, 4);
    if (flags & pe::kUnwindChained) {
        if (flags != pe::kUnwindChained)
            return refuse("the unwind information at {:#x} has impossible flags ({:#x})", rva, flags);
        auto tail = image.bytes(tail_rva, sizeof(pe::RuntimeFunction));
        if (!tail)
            return refuse("the unwind information at {:#x} reaches beyond its section's bytes", rva);
        auto parent = value_at<pe::RuntimeFunction>(*tail, 0);
        if (!is_function(image, parent) || parent.unwind == 0)
            return refuse("the unwind information at {:#x} is chained to no valid function", rva);
        next = parent.unwind;
        return {};
    }
    if (flags & ~(pe::kUnwindExceptionHandler | pe::kUnwindTerminationHandler))
        return refuse("the unwind information at {:#x} has impossible flags ({:#x})", rva, flags);
    if (flags == 0)
        return {};
    auto tail = image.bytes(tail_rva, sizeof(uint32_t));
    if (!tail)
        return refuse("the unwind information at {:#x} reaches beyond its section's bytes", rva);
    uint32_t handler = value_at<uint32_t>(*tail, 0);
    if (!image.is_code(handler))
        return refuse("the unwind information at {:#x} has a handler ({:#x}) outside the image's code", rva, handler);
    return {};
}

// Follows the chain that starts at rva. Many functions may share a piece, so each piece is looked at once: depths
// holds, for every piece already found good, the number of pieces from it to the end of its chain.
Refusal check_chain(ImageView const& image, size_t entry, uint64_t rva, std::unordered_map<uint64_t, int>& depths)
{
    std::vector<uint64_t> fresh;
    int behind = 0;
    do {
        if (auto known = depths.find(rva); known != depths.end()) {
            behind = known->second;
            break;
        }
        if (fresh.size() == kUnwindChainMax)
            break;
        fresh.push_back(rva);
        if (auto bad = check_piece(image, rva, rva))
            return bad;
    } while (rva != 0);
    bool ended = rva == 0 || behind != 0;
    if (!ended || int(fresh.size()) + behind > kUnwindChainMax)
        return refuse("the unwind information of entry {} is chained in a circle, or through more than {} pieces",
                      entry, kUnwindChainMax);
    while (!fresh.empty()) {
        depths[fresh.back()] = ++behind;
        fresh.pop_back();
    }
    return {};
}

} // namespace

Refusal read_exceptions(ImageView const& image, std::vector<pe::RuntimeFunction>& functions)
{
    Directory where = image.directory(pe::kExceptionDirectory);
    if (where.absent())
        return {};
    if (where.size % sizeof(pe::RuntimeFunction) != 0)
        return refuse("the function table's size ({:#x}) is not a multiple of {}", where.size,
                      sizeof(pe::RuntimeFunction));
    auto table = image.bytes(where.rva, where.size);
    if (!table)
        return refuse("the function table ({:#x}, {:#x} bytes) is not inside one section's bytes", where.rva,
                      where.size);
    size_t count = where.size / sizeof(pe::RuntimeFunction);
    functions.reserve(count);
    std::unordered_map<uint64_t, int> depths;
    for (size_t i = 0; i < count; ++i) {
        auto function = value_at<pe::RuntimeFunction>(*table, i * sizeof(pe::RuntimeFunction));
        // A table may be filled up with zeros at its end, and only there.
        if (function.begin == 0 && function.end == 0 && function.unwind == 0) {
            for (size_t k = i; k < count; ++k) {
                if (value_at<pe::RuntimeFunction>(*table, k * sizeof(pe::RuntimeFunction)).end != 0)
                    return refuse("entry {} of the function table is empty, but others follow", i);
            }
            break;
        }
        if (!is_function(image, function))
            return refuse("entry {} of the function table ({:#x} to {:#x}) is not a range of code", i, function.begin,
                          function.end);
        if (!functions.empty() && function.begin < functions.back().end)
            return refuse("entries {} and {} of the function table overlap or are out of order", i - 1, i);
        if (auto bad = check_chain(image, i, function.unwind, depths))
            return bad;
        functions.push_back(function);
    }
    return {};
}

} // namespace ringside::ldr
