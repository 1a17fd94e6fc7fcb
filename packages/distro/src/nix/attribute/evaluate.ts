/**
 * What the local Nix is asked, in its own language: a function of a nixpkgs' path, a system and names
 * (JSON), that gives for each name what it is, null where there is none, or that it is refused.
 *
 * A name is looked for as it is written, then with `_` before a digit, then by the small letters of its
 * first part. nixpkgs itself takes `system`, `config` and `overlays`, so that nothing of the user's
 * home counts; other sets get of these what they ask for. `hello.dev` is an output of `hello`.
 */
export const EVALUATE: string = `
{ nixpkgs, system, names }:
let
  source = import (/. + nixpkgs);
  offered = { inherit system; config = { }; overlays = [ ]; };
  asked = builtins.functionArgs source;
  takesAll = asked == { } || asked ? localSystem;
  packages =
    if !(builtins.isFunction source) then source
    else source (if takesAll then offered else builtins.intersectAttrs asked offered);

  letters = text: builtins.filter (x: x != "" && builtins.isString x) (builtins.split "" text);
  lower = builtins.replaceStrings (letters "ABCDEFGHIJKLMNOPQRSTUVWXYZ") (letters "abcdefghijklmnopqrstuvwxyz");
  folded = builtins.listToAttrs (map (name: { name = lower name; value = name; }) (builtins.attrNames packages));
  written = part: if builtins.match "[0-9].*" part == null then part else "_" + part;

  parts = name: builtins.filter builtins.isString (builtins.split "\\\\." name);
  step = value: part: if builtins.isAttrs value && value ? \${part} then value.\${part} else null;
  find = path: builtins.foldl' step packages path;
  known = path: let value = find path; in builtins.isAttrs value && value.type or "" == "derivation";
  foldFirst = path: [ (folded.\${lower (builtins.head path)} or (builtins.head path)) ] ++ builtins.tail path;
  candidates = name:
    let plain = parts name; underscored = map written plain;
    in [ plain underscored (foldFirst plain) (foldFirst underscored) ];

  words = value:
    if value == null then ""
    else if builtins.isList value then builtins.concatStringsSep " AND " (map words value)
    else if builtins.isAttrs value then value.spdxId or value.shortName or value.fullName or ""
    else toString value;
  first = value: if builtins.isList value then words (builtins.head (value ++ [ "" ])) else words value;

  describe = path:
    let
      value = find path;
      meta = value.meta or { };
      parsed = builtins.parseDrvName value.name;
      outputs = value.outputs or [ "out" ];
      above = builtins.genList (builtins.elemAt path) (builtins.length path - 1);
      usual = builtins.filter (name: builtins.elem name outputs) [ "bin" "out" ];
    in {
      attribute = builtins.concatStringsSep "." path;
      name = value.pname or parsed.name;
      version = toString (value.version or parsed.version);
      outputs = builtins.listToAttrs (map (name: { inherit name; value = "\${value.\${name}}"; }) outputs);
      install =
        if above != [ ] && known above then [ value.outputName ]
        else meta.outputsToInstall or [ (builtins.head (usual ++ outputs)) ];
      license = words (meta.license or null);
      description = words (meta.description or null);
      homepage = first (meta.homepage or null);
      program = words (meta.mainProgram or null);
    };

  look = name:
    let
      found = builtins.filter known (candidates name);
      result = if found == [ ] then null else describe (builtins.head found);
      tried = builtins.tryEval (builtins.deepSeq result result);
    in if tried.success then tried.value else { refused = true; };
in
builtins.listToAttrs (map (name: { inherit name; value = look name; }) (builtins.fromJSON names))
`;
