import { FileImportPart } from '../imports/file_import_part.tsx';

/** Many devices by a file. */
export default function ImportPart() {
  return <FileImportPart kind="device" words="import" title="onboarding.file" />;
}
