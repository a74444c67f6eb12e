// SPDX-License-Identifier: MIT
// The bytes of a PE32+ file as they stand on disk, after Microsoft's "PE Format" and "x64 exception handling" pages:
// only the fields and flags that Ringside reads. Nothing here is trusted; everything is copied out of a byte span with
// memcpy (ImageView::read) before it is looked at, so alignment does not matter.
#pragma once

#include <cstdint>

namespace ringside::ldr::pe {

inline constexpr uint32_t kPageSize = 4096;

inline constexpr uint16_t kDosMagic = 0x5A4D; // "MZ"
inline constexpr uint32_t kPeSignature = 0x00004550; // "PE\0\0"
inline constexpr uint16_t kNeSignature = 0x454E; // "NE"
inline constexpr uint16_t kLeSignature = 0x454C; // "LE"
inline constexpr uint32_t kDosNewHeaderOffset = 0x3C;
inline constexpr uint32_t kDosHeaderSize = 64;

inline constexpr uint16_t kMachineI386 = 0x014C;
inline constexpr uint16_t kMachineArm = 0x01C0;
inline constexpr uint16_t kMachineArmNt = 0x01C4;
inline constexpr uint16_t kMachineIa64 = 0x0200;
inline constexpr uint16_t kMachineAmd64 = 0x8664;
inline constexpr uint16_t kMachineArm64 = 0xAA64;

inline constexpr uint16_t kFileRelocsStripped = 0x0001;
inline constexpr uint16_t kFileExecutable = 0x0002;
inline constexpr uint16_t kFileDll = 0x2000;

inline constexpr uint16_t kOptionalMagic32 = 0x010B;
inline constexpr uint16_t kOptionalMagic64 = 0x020B;

inline constexpr uint16_t kSubsystemNative = 1;

inline constexpr uint32_t kSectionCode = 0x00000020;
inline constexpr uint32_t kSectionInitializedData = 0x00000040;
inline constexpr uint32_t kSectionDiscardable = 0x02000000;
inline constexpr uint32_t kSectionNotPaged = 0x08000000;
inline constexpr uint32_t kSectionExecute = 0x20000000;
inline constexpr uint32_t kSectionRead = 0x40000000;
inline constexpr uint32_t kSectionWrite = 0x80000000;

// What the Windows loader takes (the page on IMAGE_FILE_HEADER).
inline constexpr uint16_t kSectionsMax = 96;

struct FileHeader {
    uint16_t machine;
    uint16_t number_of_sections;
    uint32_t time_date_stamp;
    uint32_t pointer_to_symbol_table;
    uint32_t number_of_symbols;
    uint16_t size_of_optional_header;
    uint16_t characteristics;
};
static_assert(sizeof(FileHeader) == 20);

inline constexpr uint32_t kSymbolSize = 18;

// The fixed part; number_of_rva_and_sizes directories of eight bytes follow.
struct OptionalHeader64 {
    uint16_t magic;
    uint8_t major_linker_version;
    uint8_t minor_linker_version;
    uint32_t size_of_code;
    uint32_t size_of_initialized_data;
    uint32_t size_of_uninitialized_data;
    uint32_t address_of_entry_point;
    uint32_t base_of_code;
    uint64_t image_base;
    uint32_t section_alignment;
    uint32_t file_alignment;
    uint16_t major_operating_system_version;
    uint16_t minor_operating_system_version;
    uint16_t major_image_version;
    uint16_t minor_image_version;
    uint16_t major_subsystem_version;
    uint16_t minor_subsystem_version;
    uint32_t win32_version_value;
    uint32_t size_of_image;
    uint32_t size_of_headers;
    uint32_t check_sum;
    uint16_t subsystem;
    uint16_t dll_characteristics;
    uint64_t size_of_stack_reserve;
    uint64_t size_of_stack_commit;
    uint64_t size_of_heap_reserve;
    uint64_t size_of_heap_commit;
    uint32_t loader_flags;
    uint32_t number_of_rva_and_sizes;
};
static_assert(sizeof(OptionalHeader64) == 112);
// The same in PE32 and PE32+: enough to tell a 32-bit driver from a 32-bit program.
inline constexpr uint32_t kOptionalCheckSumOffset = 64;
inline constexpr uint32_t kOptionalSubsystemOffset = 68;

enum DirectoryIndex : uint32_t {
    kExportDirectory,
    kImportDirectory,
    kResourceDirectory,
    kExceptionDirectory,
    kCertificateDirectory, // the one whose address is a file offset
    kRelocationDirectory,
    kDebugDirectory,
    kArchitectureDirectory,
    kGlobalPointerDirectory,
    kTlsDirectory,
    kLoadConfigDirectory,
    kBoundImportDirectory,
    kImportAddressDirectory,
    kDelayImportDirectory,
    kClrDirectory,
    kReservedDirectory,
    kDirectoryCount,
};

struct DataDirectory {
    uint32_t address;
    uint32_t size;
};
static_assert(sizeof(DataDirectory) == 8);

struct SectionHeader {
    char name[8];
    uint32_t virtual_size;
    uint32_t virtual_address;
    uint32_t size_of_raw_data;
    uint32_t pointer_to_raw_data;
    uint32_t pointer_to_relocations;
    uint32_t pointer_to_line_numbers;
    uint16_t number_of_relocations;
    uint16_t number_of_line_numbers;
    uint32_t characteristics;
};
static_assert(sizeof(SectionHeader) == 40);

struct RelocationBlock {
    uint32_t page;
    uint32_t size; // with this header
};
static_assert(sizeof(RelocationBlock) == 8);
inline constexpr uint16_t kRelocationAbsolute = 0;
inline constexpr uint16_t kRelocationDir64 = 10;

struct ImportDescriptor {
    uint32_t lookup_table; // 0 in very old images: the address table then holds the names
    uint32_t time_date_stamp;
    uint32_t forwarder_chain;
    uint32_t name;
    uint32_t address_table;
};
static_assert(sizeof(ImportDescriptor) == 20);
inline constexpr uint64_t kImportByOrdinal = 1ull << 63;

struct DelayImportDescriptor {
    uint32_t attributes; // bit 0: all fields are RVAs
    uint32_t name;
    uint32_t module_handle;
    uint32_t address_table;
    uint32_t name_table;
    uint32_t bound_address_table;
    uint32_t unload_table;
    uint32_t time_date_stamp;
};
static_assert(sizeof(DelayImportDescriptor) == 32);

struct ExportTable {
    uint32_t flags;
    uint32_t time_date_stamp;
    uint16_t major_version;
    uint16_t minor_version;
    uint32_t name;
    uint32_t ordinal_base;
    uint32_t number_of_functions;
    uint32_t number_of_names;
    uint32_t functions;
    uint32_t names;
    uint32_t name_ordinals;
};
static_assert(sizeof(ExportTable) == 40);

struct RuntimeFunction {
    uint32_t begin;
    uint32_t end;
    uint32_t unwind; // bit 0: the address of another RuntimeFunction, which holds the unwind information
};
static_assert(sizeof(RuntimeFunction) == 12);

struct UnwindHeader {
    uint8_t version_and_flags; // version: low three bits
    uint8_t size_of_prolog;
    uint8_t count_of_codes;
    uint8_t frame_register_and_offset;
};
static_assert(sizeof(UnwindHeader) == 4);
inline constexpr uint8_t kUnwindExceptionHandler = 1;
inline constexpr uint8_t kUnwindTerminationHandler = 2;
inline constexpr uint8_t kUnwindChained = 4;

struct UnwindCode {
    uint8_t code_offset;
    uint8_t operation_and_info;
};
static_assert(sizeof(UnwindCode) == 2);

// The load configuration directory of PE32+, by offset: it grew with every Windows.
inline constexpr uint32_t kLoadConfigSecurityCookie = 0x58;
inline constexpr uint32_t kLoadConfigGuardFlags = 0x90;
inline constexpr uint64_t kDefaultSecurityCookie = 0x00002B992DDFA232;

struct DebugEntry {
    uint32_t characteristics;
    uint32_t time_date_stamp;
    uint16_t major_version;
    uint16_t minor_version;
    uint32_t type;
    uint32_t size_of_data;
    uint32_t address_of_raw_data;
    uint32_t pointer_to_raw_data;
};
static_assert(sizeof(DebugEntry) == 28);
inline constexpr uint32_t kDebugCodeView = 2;
inline constexpr uint32_t kDebugReproducible = 16;

struct CodeViewRecord { // a zero-terminated file name follows
    uint32_t signature;
    uint8_t guid[16];
    uint32_t age;
};
static_assert(sizeof(CodeViewRecord) == 24);
inline constexpr uint32_t kCodeViewSignature = 0x53445352; // "RSDS"

struct ResourceTable {
    uint32_t characteristics;
    uint32_t time_date_stamp;
    uint16_t major_version;
    uint16_t minor_version;
    uint16_t number_of_named_entries;
    uint16_t number_of_id_entries;
};
static_assert(sizeof(ResourceTable) == 16);

struct ResourceEntry {
    uint32_t name_or_id;
    uint32_t offset; // bit 31: of another table, else of a ResourceData; both from the directory's start
};
static_assert(sizeof(ResourceEntry) == 8);

struct ResourceData {
    uint32_t rva;
    uint32_t size;
    uint32_t code_page;
    uint32_t reserved;
};
static_assert(sizeof(ResourceData) == 16);
inline constexpr uint32_t kResourceVersion = 16;

struct WinCertificate { // the certificate follows; entries start at multiples of eight
    uint32_t length; // with this header
    uint16_t revision;
    uint16_t type;
};
static_assert(sizeof(WinCertificate) == 8);
inline constexpr uint16_t kCertificatePkcs7 = 2;

} // namespace ringside::ldr::pe
