import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** Proto files by name and by the symbols they declare, from the descriptor sets that builds leave in `dist/descriptors.binpb`. */
export class DescriptorFiles {
  private readonly files = new Map<string, FileDescriptorProto>();
  private readonly fileOfSymbol = new Map<string, string>();

  constructor(descriptorSets: readonly Uint8Array[]) {
    for (const bytes of descriptorSets) {
      for (const file of fromBinary(FileDescriptorSetSchema, bytes).file) this.add(file);
    }
  }

  /** The named file and everything it imports, encoded, the file itself first; undefined when it is not known. */
  withImports(name: string): readonly Uint8Array[] | undefined {
    if (!this.files.has(name)) return undefined;
    const found = new Map<string, Uint8Array>();
    const visit = (next: string): void => {
      const file = this.files.get(next);
      if (file === undefined || found.has(next)) return;
      found.set(next, toBinary(FileDescriptorProtoSchema, file));
      for (const imported of file.dependency) visit(imported);
    };
    visit(name);
    return [...found.values()];
  }

  /** The file that declares a service, rpc, message, field or enum by its full name. */
  fileDeclaring(symbol: string): string | undefined {
    return this.fileOfSymbol.get(symbol);
  }

  private add(file: FileDescriptorProto): void {
    this.files.set(file.name, file);
    const declare = (scope: string, name: string): string => {
      const symbol = scope === "" ? name : `${scope}.${name}`;
      this.fileOfSymbol.set(symbol, file.name);
      return symbol;
    };
    const declareMessage = (scope: string, message: DescriptorProto): void => {
      const symbol = declare(scope, message.name);
      for (const field of message.field) declare(symbol, field.name);
      for (const enumeration of message.enumType) declare(symbol, enumeration.name);
      for (const nested of message.nestedType) declareMessage(symbol, nested);
    };
    for (const message of file.messageType) declareMessage(file.package, message);
    for (const enumeration of file.enumType) declare(file.package, enumeration.name);
    for (const service of file.service) {
      const symbol = declare(file.package, service.name);
      for (const method of service.method) declare(symbol, method.name);
    }
  }
}
