{{/* What the restricted Pod Security Standard asks for, and a root file system that can not be written. */}}
{{- define "koinon.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "koinon.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Who neither serves gRPC nor calls others needs no certificate. */}}
{{- define "koinon.hasIdentity" -}}
{{- if or .Facts.ports.grpc .Facts.requires .Facts.uses }}true{{ end -}}
{{- end }}

{{- define "koinon.tlsSecretName" -}}
{{- if .Values.tls.issuer.name -}}
{{ include "koinon.fullname" . }}-tls
{{- else -}}
{{ required (printf "%s.tls.secretName: name the Secret with tls.crt, tls.key and ca.crt of this service, or a cert-manager issuer in %s.tls.issuer" .Chart.Name .Chart.Name) .Values.tls.secretName }}
{{- end -}}
{{- end }}

{{/* The Secret that TLS to NATS takes; empty where there is none. */}}
{{- define "koinon.natsTlsSecret" -}}
{{- if .Facts.events }}{{ ((.Values.global).natsTls).secretName }}{{ end -}}
{{- end }}

{{/* The service's certificate, where cert-manager issues it; renewed in place, read again without a restart. */}}
{{- define "koinon.certificate" -}}
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
spec:
  secretName: {{ include "koinon.tlsSecretName" . }}
  duration: 720h
  renewBefore: 240h
  privateKey: { algorithm: ECDSA, size: 256, encoding: PKCS8, rotationPolicy: Always }
  usages: [digital signature, server auth, client auth]
  commonName: {{ .Chart.Name }}
  uris: ["spiffe://koinon/{{ .Chart.Name }}"]
  dnsNames:
    - {{ include "koinon.fullname" . }}.{{ .Release.Namespace }}.svc
    - "*.{{ include "koinon.fullname" . }}.{{ .Release.Namespace }}.svc"
  issuerRef:
    {{- toYaml .Values.tls.issuer | nindent 4 }}
{{- end }}

{{- define "koinon.serviceaccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{- end }}
