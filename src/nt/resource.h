// SPDX-License-Identifier: MIT
// The hardware resources a device is given: CM_RESOURCE_LIST and its parts.
#pragma once

#include "nt/basic.h"
#include "nt/driver.h"

namespace ringside::nt {

enum CM_SHARE_DISPOSITION : int32_t {
    CmResourceShareUndetermined, CmResourceShareDeviceExclusive, CmResourceShareDriverExclusive,
    CmResourceShareShared,
};

enum BUS_DATA_TYPE : int32_t {
    ConfigurationSpaceUndefined = -1, Cmos, EisaConfiguration, Pos, CbusConfiguration, PCIConfiguration,
    VMEConfiguration, NuBusConfiguration, PCMCIAConfiguration, MPIConfiguration, MPSAConfiguration,
    PNPISAConfiguration, SgiInternalConfiguration, MaximumBusDataType,
};

enum CONFIGURATION_TYPE : int32_t {
    ArcSystem, CentralProcessor, FloatingPointProcessor, PrimaryIcache, PrimaryDcache, SecondaryIcache,
    SecondaryDcache, SecondaryCache, EisaAdapter, TcAdapter, ScsiAdapter, DtiAdapter, MultiFunctionAdapter,
    DiskController, TapeController, CdromController, WormController, SerialController, NetworkController,
    DisplayController, ParallelController, PointerController, KeyboardController, AudioController, OtherController,
    DiskPeripheral, FloppyDiskPeripheral, TapePeripheral, ModemPeripheral, MonitorPeripheral, PrinterPeripheral,
    PointerPeripheral, KeyboardPeripheral, TerminalPeripheral, OtherPeripheral, LinePeripheral, NetworkPeripheral,
    SystemMemory, DockingInformation, RealModeIrqRoutingTable, RealModePCIEnumeration, MaximumType,
};

#pragma pack(push, 4)
struct CM_PARTIAL_RESOURCE_DESCRIPTOR {
    UCHAR Type;
    UCHAR ShareDisposition;
    USHORT Flags;
    union {
        struct {
            PHYSICAL_ADDRESS Start;
            ULONG Length;
        } Generic;
        struct {
            PHYSICAL_ADDRESS Start;
            ULONG Length;
        } Port;
        struct {
            ULONG Level;
            ULONG Vector;
            KAFFINITY Affinity;
        } Interrupt;
        struct {
            union {
                struct {
                    USHORT Reserved;
                    USHORT MessageCount;
                    ULONG Vector;
                    KAFFINITY Affinity;
                } Raw;
                struct {
                    ULONG Level;
                    ULONG Vector;
                    KAFFINITY Affinity;
                } Translated;
            };
        } MessageInterrupt;
        struct {
            PHYSICAL_ADDRESS Start;
            ULONG Length;
        } Memory;
        struct {
            ULONG Channel;
            ULONG Port;
            ULONG Reserved1;
        } Dma;
        struct {
            ULONG Channel;
            ULONG RequestLine;
            UCHAR TransferWidth;
            UCHAR Reserved1;
            UCHAR Reserved2;
            UCHAR Reserved3;
        } DmaV3;
        struct {
            ULONG Data[3];
        } DevicePrivate;
        struct {
            ULONG Start;
            ULONG Length;
            ULONG Reserved;
        } BusNumber;
        struct {
            ULONG DataSize;
            ULONG Reserved1;
            ULONG Reserved2;
        } DeviceSpecificData;
        struct {
            PHYSICAL_ADDRESS Start;
            ULONG Length40;
        } Memory40;
        struct {
            PHYSICAL_ADDRESS Start;
            ULONG Length48;
        } Memory48;
        struct {
            PHYSICAL_ADDRESS Start;
            ULONG Length64;
        } Memory64;
        struct {
            UCHAR Class;
            UCHAR Type;
            UCHAR Reserved1;
            UCHAR Reserved2;
            ULONG IdLowPart;
            ULONG IdHighPart;
        } Connection;
    } u;
};
#pragma pack(pop)
NT_SIZE(CM_PARTIAL_RESOURCE_DESCRIPTOR, 0x14); NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, Type, 0x00);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, ShareDisposition, 0x01);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, Flags, 0x02); NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Generic, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Generic.Start, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Generic.Length, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Port, 0x04); NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Port.Start, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Port.Length, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Interrupt, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Interrupt.Level, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Interrupt.Vector, 0x08);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Interrupt.Affinity, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.MessageInterrupt, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.MessageInterrupt.Raw, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.MessageInterrupt.Raw.Reserved, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.MessageInterrupt.Raw.MessageCount, 0x06);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.MessageInterrupt.Raw.Vector, 0x08);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.MessageInterrupt.Raw.Affinity, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.MessageInterrupt.Translated, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.MessageInterrupt.Translated.Level, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.MessageInterrupt.Translated.Vector, 0x08);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.MessageInterrupt.Translated.Affinity, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory.Start, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory.Length, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Dma, 0x04); NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Dma.Channel, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Dma.Port, 0x08);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Dma.Reserved1, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DmaV3, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DmaV3.Channel, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DmaV3.RequestLine, 0x08);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DmaV3.TransferWidth, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DmaV3.Reserved1, 0x0d);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DmaV3.Reserved2, 0x0e);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DmaV3.Reserved3, 0x0f);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DevicePrivate, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DevicePrivate.Data, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.BusNumber, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.BusNumber.Start, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.BusNumber.Length, 0x08);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.BusNumber.Reserved, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DeviceSpecificData, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DeviceSpecificData.DataSize, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DeviceSpecificData.Reserved1, 0x08);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.DeviceSpecificData.Reserved2, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory40, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory40.Start, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory40.Length40, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory48, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory48.Start, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory48.Length48, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory64, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory64.Start, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Memory64.Length64, 0x0c);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Connection, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Connection.Class, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Connection.Type, 0x05);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Connection.Reserved1, 0x06);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Connection.Reserved2, 0x07);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Connection.IdLowPart, 0x08);
NT_OFFSET(CM_PARTIAL_RESOURCE_DESCRIPTOR, u.Connection.IdHighPart, 0x0c);

struct CM_PARTIAL_RESOURCE_LIST {
    USHORT Version;
    USHORT Revision;
    ULONG Count;
    CM_PARTIAL_RESOURCE_DESCRIPTOR PartialDescriptors[1];
};
NT_SIZE(CM_PARTIAL_RESOURCE_LIST, 0x1c); NT_OFFSET(CM_PARTIAL_RESOURCE_LIST, Version, 0x00);
NT_OFFSET(CM_PARTIAL_RESOURCE_LIST, Revision, 0x02); NT_OFFSET(CM_PARTIAL_RESOURCE_LIST, Count, 0x04);
NT_OFFSET(CM_PARTIAL_RESOURCE_LIST, PartialDescriptors, 0x08);

struct CM_FULL_RESOURCE_DESCRIPTOR {
    INTERFACE_TYPE InterfaceType;
    ULONG BusNumber;
    CM_PARTIAL_RESOURCE_LIST PartialResourceList;
};
NT_SIZE(CM_FULL_RESOURCE_DESCRIPTOR, 0x24); NT_OFFSET(CM_FULL_RESOURCE_DESCRIPTOR, InterfaceType, 0x00);
NT_OFFSET(CM_FULL_RESOURCE_DESCRIPTOR, BusNumber, 0x04);
NT_OFFSET(CM_FULL_RESOURCE_DESCRIPTOR, PartialResourceList, 0x08);

struct CM_RESOURCE_LIST {
    ULONG Count;
    CM_FULL_RESOURCE_DESCRIPTOR List[1];
};
NT_SIZE(CM_RESOURCE_LIST, 0x28); NT_OFFSET(CM_RESOURCE_LIST, Count, 0x00); NT_OFFSET(CM_RESOURCE_LIST, List, 0x04);

struct PNP_BUS_INFORMATION {
    GUID BusTypeGuid;
    INTERFACE_TYPE LegacyBusType;
    ULONG BusNumber;
};
NT_SIZE(PNP_BUS_INFORMATION, 0x18); NT_OFFSET(PNP_BUS_INFORMATION, BusTypeGuid, 0x00);
NT_OFFSET(PNP_BUS_INFORMATION, LegacyBusType, 0x10); NT_OFFSET(PNP_BUS_INFORMATION, BusNumber, 0x14);

struct LEGACY_BUS_INFORMATION {
    GUID BusTypeGuid;
    INTERFACE_TYPE LegacyBusType;
    ULONG BusNumber;
};
NT_SIZE(LEGACY_BUS_INFORMATION, 0x18); NT_OFFSET(LEGACY_BUS_INFORMATION, BusTypeGuid, 0x00);
NT_OFFSET(LEGACY_BUS_INFORMATION, LegacyBusType, 0x10); NT_OFFSET(LEGACY_BUS_INFORMATION, BusNumber, 0x14);

// Descriptor types.
inline constexpr ULONG CmResourceTypeBusNumber = 6;
inline constexpr ULONG CmResourceTypeConfigData = 0x80;
inline constexpr ULONG CmResourceTypeDevicePrivate = 0x81;
inline constexpr ULONG CmResourceTypeDeviceSpecific = 5;
inline constexpr ULONG CmResourceTypeDma = 4;
inline constexpr ULONG CmResourceTypeInterrupt = 2;
inline constexpr ULONG CmResourceTypeMemory = 3;
inline constexpr ULONG CmResourceTypeMemoryLarge = 7;
inline constexpr ULONG CmResourceTypeMfCardConfig = 0x83;
inline constexpr ULONG CmResourceTypeNonArbitrated = 0x80;
inline constexpr ULONG CmResourceTypeNull = 0;
inline constexpr ULONG CmResourceTypePcCardConfig = 0x82;
inline constexpr ULONG CmResourceTypePort = 1;

// Descriptor flags.
inline constexpr ULONG
    CM_RESOURCE_DMA_8 = 0, CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE = 0, CM_RESOURCE_MEMORY_READ_WRITE = 0,
    CM_RESOURCE_PORT_MEMORY = 0, CM_RESOURCE_DMA_16 = 1, CM_RESOURCE_INTERRUPT_LATCHED = 1,
    CM_RESOURCE_INTERRUPT_LEVEL_LATCHED_BITS = 1, CM_RESOURCE_MEMORY_READ_ONLY = 1, CM_RESOURCE_PORT_IO = 1,
    CM_RESOURCE_DMA_32 = 2, CM_RESOURCE_INTERRUPT_MESSAGE = 2, CM_RESOURCE_MEMORY_WRITE_ONLY = 2,
    CM_RESOURCE_MEMORY_WRITEABILITY_MASK = 3, CM_RESOURCE_DMA_8_AND_16 = 4, CM_RESOURCE_INTERRUPT_POLICY_INCLUDED = 4,
    CM_RESOURCE_MEMORY_PREFETCHABLE = 4, CM_RESOURCE_PORT_10_BIT_DECODE = 4, CM_RESOURCE_DMA_BUS_MASTER = 8,
    CM_RESOURCE_MEMORY_COMBINEDWRITE = 8, CM_RESOURCE_PORT_12_BIT_DECODE = 8, CM_RESOURCE_DMA_TYPE_A = 0x10,
    CM_RESOURCE_MEMORY_24 = 0x10, CM_RESOURCE_PORT_16_BIT_DECODE = 0x10, CM_RESOURCE_DMA_TYPE_B = 0x20,
    CM_RESOURCE_MEMORY_CACHEABLE = 0x20, CM_RESOURCE_PORT_POSITIVE_DECODE = 0x20, CM_RESOURCE_DMA_TYPE_F = 0x40,
    CM_RESOURCE_MEMORY_WINDOW_DECODE = 0x40, CM_RESOURCE_PORT_PASSIVE_DECODE = 0x40, CM_RESOURCE_MEMORY_BAR = 0x80,
    CM_RESOURCE_PORT_WINDOW_DECODE = 0x80, CM_RESOURCE_MEMORY_COMPAT_FOR_INACCESSIBLE_RANGE = 0x100,
    CM_RESOURCE_PORT_BAR = 0x100, CM_RESOURCE_MEMORY_LARGE_40 = 0x200, CM_RESOURCE_MEMORY_LARGE_48 = 0x400,
    CM_RESOURCE_MEMORY_LARGE_64 = 0x800, CM_RESOURCE_MEMORY_LARGE = 0xe00,
    CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN = 0xfffffffe;
inline constexpr ULONGLONG
    CM_RESOURCE_MEMORY_LARGE_40_MAXLEN = 0xffffffff00, CM_RESOURCE_MEMORY_LARGE_48_MAXLEN = 0xffffffff0000;
inline constexpr LONGLONG CM_RESOURCE_MEMORY_LARGE_64_MAXLEN = -4294967296;

} // namespace ringside::nt
