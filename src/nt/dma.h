// SPDX-License-Identifier: MIT
// DMA adapters: the description a driver gives, the adapter with its table of operations, scatter/gather lists.
#pragma once

#include "nt/driver.h"
#include "nt/callbacks.h"

namespace ringside::nt {

enum DMA_WIDTH : int32_t { Width8Bits, Width16Bits, Width32Bits, Width64Bits, WidthNoWrap, MaximumDmaWidth };

enum DMA_SPEED : int32_t { Compatible, TypeA, TypeB, TypeC, TypeF, MaximumDmaSpeed };

struct DEVICE_DESCRIPTION {
    ULONG Version;
    BOOLEAN Master;
    BOOLEAN ScatterGather;
    BOOLEAN DemandMode;
    BOOLEAN AutoInitialize;
    BOOLEAN Dma32BitAddresses;
    BOOLEAN IgnoreCount;
    BOOLEAN Reserved1;
    BOOLEAN Dma64BitAddresses;
    ULONG BusNumber;
    ULONG DmaChannel;
    INTERFACE_TYPE InterfaceType;
    DMA_WIDTH DmaWidth;
    DMA_SPEED DmaSpeed;
    ULONG MaximumLength;
    ULONG DmaPort;
    ULONG DmaAddressWidth;
    ULONG DmaControllerInstance;
    ULONG DmaRequestLine;
    PHYSICAL_ADDRESS DeviceAddress;
};
NT_SIZE(DEVICE_DESCRIPTION, 0x40); NT_OFFSET(DEVICE_DESCRIPTION, Version, 0x00);
NT_OFFSET(DEVICE_DESCRIPTION, Master, 0x04); NT_OFFSET(DEVICE_DESCRIPTION, ScatterGather, 0x05);
NT_OFFSET(DEVICE_DESCRIPTION, DemandMode, 0x06); NT_OFFSET(DEVICE_DESCRIPTION, AutoInitialize, 0x07);
NT_OFFSET(DEVICE_DESCRIPTION, Dma32BitAddresses, 0x08); NT_OFFSET(DEVICE_DESCRIPTION, IgnoreCount, 0x09);
NT_OFFSET(DEVICE_DESCRIPTION, Reserved1, 0x0a); NT_OFFSET(DEVICE_DESCRIPTION, Dma64BitAddresses, 0x0b);
NT_OFFSET(DEVICE_DESCRIPTION, BusNumber, 0x0c); NT_OFFSET(DEVICE_DESCRIPTION, DmaChannel, 0x10);
NT_OFFSET(DEVICE_DESCRIPTION, InterfaceType, 0x14); NT_OFFSET(DEVICE_DESCRIPTION, DmaWidth, 0x18);
NT_OFFSET(DEVICE_DESCRIPTION, DmaSpeed, 0x1c); NT_OFFSET(DEVICE_DESCRIPTION, MaximumLength, 0x20);
NT_OFFSET(DEVICE_DESCRIPTION, DmaPort, 0x24); NT_OFFSET(DEVICE_DESCRIPTION, DmaAddressWidth, 0x28);
NT_OFFSET(DEVICE_DESCRIPTION, DmaControllerInstance, 0x2c); NT_OFFSET(DEVICE_DESCRIPTION, DmaRequestLine, 0x30);
NT_OFFSET(DEVICE_DESCRIPTION, DeviceAddress, 0x38);

struct SCATTER_GATHER_ELEMENT {
    PHYSICAL_ADDRESS Address;
    ULONG Length;
    ULONG_PTR Reserved;
};
NT_SIZE(SCATTER_GATHER_ELEMENT, 0x18); NT_OFFSET(SCATTER_GATHER_ELEMENT, Address, 0x00);
NT_OFFSET(SCATTER_GATHER_ELEMENT, Length, 0x08); NT_OFFSET(SCATTER_GATHER_ELEMENT, Reserved, 0x10);

struct SCATTER_GATHER_LIST {
    ULONG NumberOfElements;
    ULONG_PTR Reserved;
    SCATTER_GATHER_ELEMENT Elements[1];
};
NT_SIZE(SCATTER_GATHER_LIST, 0x28); NT_OFFSET(SCATTER_GATHER_LIST, NumberOfElements, 0x00);
NT_OFFSET(SCATTER_GATHER_LIST, Reserved, 0x08); NT_OFFSET(SCATTER_GATHER_LIST, Elements, 0x10);

struct DMA_ADAPTER {
    USHORT Version;
    USHORT Size;
    DMA_OPERATIONS* DmaOperations;
};
NT_SIZE(DMA_ADAPTER, 0x10); NT_OFFSET(DMA_ADAPTER, Version, 0x00); NT_OFFSET(DMA_ADAPTER, Size, 0x02);
NT_OFFSET(DMA_ADAPTER, DmaOperations, 0x08);

struct DMA_OPERATIONS {
    ULONG Size;
    PPUT_DMA_ADAPTER PutDmaAdapter;
    PALLOCATE_COMMON_BUFFER AllocateCommonBuffer;
    PFREE_COMMON_BUFFER FreeCommonBuffer;
    PALLOCATE_ADAPTER_CHANNEL AllocateAdapterChannel;
    PFLUSH_ADAPTER_BUFFERS FlushAdapterBuffers;
    PFREE_ADAPTER_CHANNEL FreeAdapterChannel;
    PFREE_MAP_REGISTERS FreeMapRegisters;
    PMAP_TRANSFER MapTransfer;
    PGET_DMA_ALIGNMENT GetDmaAlignment;
    PREAD_DMA_COUNTER ReadDmaCounter;
    PGET_SCATTER_GATHER_LIST GetScatterGatherList;
    PPUT_SCATTER_GATHER_LIST PutScatterGatherList;
    PCALCULATE_SCATTER_GATHER_LIST_SIZE CalculateScatterGatherList;
    PBUILD_SCATTER_GATHER_LIST BuildScatterGatherList;
    PBUILD_MDL_FROM_SCATTER_GATHER_LIST BuildMdlFromScatterGatherList;
};
NT_SIZE(DMA_OPERATIONS, 0x80); NT_OFFSET(DMA_OPERATIONS, Size, 0x00); NT_OFFSET(DMA_OPERATIONS, PutDmaAdapter, 0x08);
NT_OFFSET(DMA_OPERATIONS, AllocateCommonBuffer, 0x10); NT_OFFSET(DMA_OPERATIONS, FreeCommonBuffer, 0x18);
NT_OFFSET(DMA_OPERATIONS, AllocateAdapterChannel, 0x20); NT_OFFSET(DMA_OPERATIONS, FlushAdapterBuffers, 0x28);
NT_OFFSET(DMA_OPERATIONS, FreeAdapterChannel, 0x30); NT_OFFSET(DMA_OPERATIONS, FreeMapRegisters, 0x38);
NT_OFFSET(DMA_OPERATIONS, MapTransfer, 0x40); NT_OFFSET(DMA_OPERATIONS, GetDmaAlignment, 0x48);
NT_OFFSET(DMA_OPERATIONS, ReadDmaCounter, 0x50); NT_OFFSET(DMA_OPERATIONS, GetScatterGatherList, 0x58);
NT_OFFSET(DMA_OPERATIONS, PutScatterGatherList, 0x60); NT_OFFSET(DMA_OPERATIONS, CalculateScatterGatherList, 0x68);
NT_OFFSET(DMA_OPERATIONS, BuildScatterGatherList, 0x70); NT_OFFSET(DMA_OPERATIONS, BuildMdlFromScatterGatherList, 0x78);

// Versions of DEVICE_DESCRIPTION.
inline constexpr ULONG
    DEVICE_DESCRIPTION_VERSION = 0, DEVICE_DESCRIPTION_VERSION1 = 1, DEVICE_DESCRIPTION_VERSION2 = 2;

} // namespace ringside::nt
